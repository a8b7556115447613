"""
nats-py at the edge: one connection to one server, without its own reconnecting, and its exceptions in our words.

A connection that is lost is gone here: what used it begins again on the next one, in one way for every cause. The
library would reconnect by itself, but gives up for ever on some answers of a server (an authorization that is not there
yet), and what it had buffered meanwhile nobody can tell.
"""

import asyncio
import re
import ssl
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

import nats.errors
import nats.js.errors
import structlog
from nats.aio.client import Client, RawCredentials

from kubeless.core.errors import KubelessError
from kubeless.nats_subscriber.security import Security

log = structlog.get_logger(__name__)

CLOSE_TIMEOUT = 2.0
"""Seconds for a connection to send what it holds and close."""

MAX_DENIED = 1000
"""Subjects remembered that a server did not let us subscribe to."""

FAILURES = (nats.errors.Error, OSError, TimeoutError, asyncio.InvalidStateError)
"""What any call of the library may raise when the server, or the way to it, is at fault."""

_DENIED = re.compile(r"permissions violation for subscription to \"([^\"]*)\"", re.IGNORECASE)


class BrokerUnavailable(KubelessError):
    """The NATS server cannot be reached."""

    retriable = True


class Lost:
    """Whether a connection is gone, and what the server complained about while it was there."""

    def __init__(self) -> None:
        self.event = asyncio.Event()
        self.denied: dict[str, str] = {}
        """By subject, why the server did not let us subscribe."""
        self.last_error = ""

    async def on_error(self, error: Exception) -> None:
        """The library's callback for what nobody awaits."""
        self.last_error = describe(error)
        found = _DENIED.search(str(error))
        if found is not None and len(self.denied) < MAX_DENIED:
            self.denied[found[1]] = self.last_error

    async def on_closed(self) -> None:
        """The library's callback for the end of the connection."""
        self.event.set()


class NoTls(nats.errors.Error):
    """The server offers no TLS."""

    def __str__(self) -> str:
        return "the server offers no TLS; turn NATS_ENABLE_TLS off, or use nats:// in NATS_URL"


class _TlsClient(Client):
    """Says nothing about itself to a server without TLS. The library by itself would send the password in clear."""

    def _connect_command(self) -> bytes:
        if not self._server_info.get("tls_required"):
            raise NoTls
        command: bytes = super()._connect_command()
        return command


async def connect(
    server: str, security: Security, context: ssl.SSLContext, *, name: str, timeout: float
) -> tuple[Client, Lost]:
    """
    Connect to one server.

    Raises BrokerUnavailable.
    """
    client, lost = (_TlsClient() if security.tls else Client()), Lost()
    try:
        async with asyncio.timeout(timeout):
            await client.connect(
                servers=[server],
                name=name,
                allow_reconnect=False,
                # One more try at once, then it is the next server's turn.
                max_reconnect_attempts=1,
                reconnect_time_wait=0,
                connect_timeout=timeout,  # type: ignore[arg-type] # a float works
                # What is silent is noticed by our own probe.
                ping_interval=60,
                error_cb=lost.on_error,
                closed_cb=lost.on_closed,
                tls=context,
                **_login(security),
            )
        heed_cancellation()
    except (*FAILURES, ValueError) as error:
        await close(client)
        raise BrokerUnavailable(lost.last_error or describe(error)) from error
    except BaseException:
        await close(client)
        raise
    return client, lost


async def close(client: Client) -> None:
    """Close, within a bound."""
    with suppress(*FAILURES, AttributeError):
        async with asyncio.timeout(CLOSE_TIMEOUT):
            await client.close()


async def flush(client: Client, timeout: float) -> None:
    """
    Return when the server has dealt with everything that was sent, errors included. Raises one of FAILURES.

    The library's ping overtakes what is still in its buffer. The second one cannot: that is on its way by then.
    """
    for _ in range(2):
        await client.flush(timeout=timeout)  # type: ignore[arg-type] # a float works
        heed_cancellation()


async def ask(call: Coroutine[Any, Any, Any]) -> Any:
    """Await a call of the library; raises BrokerUnavailable in place of what it raises."""
    try:
        return await call
    except FAILURES as error:
        raise BrokerUnavailable(describe(error)) from error
    finally:
        heed_cancellation()


def heed_cancellation() -> None:
    """
    Raise the cancellation of the current task that a call of the library may have forgotten.

    It waits with `asyncio.wait_for`, which before Python 3.12 returns an answer that comes together with a
    cancellation. Whoever cancelled the task would wait for its end in vain.
    """
    if was_cancelled():
        raise asyncio.CancelledError


def was_cancelled() -> bool:
    """Whether the current task is to end."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def describe(error: BaseException) -> str:
    """For people; the library's texts all begin with its own name."""
    text = str(error).removeprefix("nats: ").strip()
    return text[:1024] or type(error).__name__


def _login(security: Security) -> dict[str, Any]:
    if security.creds:
        return {"user_credentials": RawCredentials(security.creds)}
    if security.seed:
        return {"nkeys_seed_str": security.seed}
    if security.token:
        return {"token": security.token}
    if security.user:
        return {"user": security.user, "password": security.password}
    return {}
