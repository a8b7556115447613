"""
The HTTP/1.1 server: listens, owns the connections and the handlers' tasks, and looks once a second for what is late.

A timer per request would cost more than parsing it; one sweep over all connections costs nothing to speak of.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Self

import structlog

from kubeless.core.ports import explain_bind_error
from kubeless.gateway.http.connection import Connection
from kubeless.gateway.http.heads import Heads
from kubeless.gateway.http.limits import Limits
from kubeless.gateway.http.owner import Guest
from kubeless.gateway.http.problem import BadRequest
from kubeless.gateway.http.refused import refusal
from kubeless.gateway.http.reply import Reply
from kubeless.gateway.incoming import ClientGone, Expressway, Handler, Incoming

log = structlog.get_logger(__name__)

_SWEEP = 1.0
_BACKLOG = 2048
_SERVER_OPTIONS = ((b"Allow", b"GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"),)
"""The answer to `OPTIONS *` (RFC 9110 9.3.7)."""


class Listener:
    """Listens while entered. On leaving, everything that is left of connections and tasks is cut off."""

    def __init__(
        self,
        handler: Handler,
        *,
        host: str,
        port: int,
        limits: Limits | None = None,
        tls: ssl.SSLContext | None = None,
        shared: bool = False,
        on_refused: Callable[[BadRequest, str], None] | None = None,
        expressway: Expressway | None = None,
    ) -> None:
        """
        `port` 0 takes a free one. `shared`: other processes listen on it too, and the kernel spreads connections.
        `on_refused` is told of bytes that were no request, and of the address they came from.
        `expressway` takes requests that the handler then does not see.
        """
        self.handler = handler
        self.expressway = expressway
        self.limits = limits or Limits()
        self.heads = Heads(self.limits)
        self.scheme = "http" if tls is None else "https"
        self.draining = False
        self._host = host
        self._port = port
        self._tls = tls
        self._shared = shared
        self._on_refused = on_refused
        self._connections = set[Guest]()
        self._tasks = asyncio.TaskGroup()
        self._timer: asyncio.TimerHandle | None = None
        self._server: asyncio.Server | None = None

    def __repr__(self) -> str:
        return f"<Listener {self.scheme} port={self._port} connections={len(self._connections)}>"

    @property
    def port(self) -> int:
        """The port that is listened on."""
        return self._port

    @property
    def connections(self) -> int:
        """Open connections."""
        return len(self._connections)

    async def __aenter__(self) -> Self:
        """Start to listen. Raises PortTaken, naming the process where the system tells."""
        self._loop = asyncio.get_running_loop()
        try:
            self._server = await self._loop.create_server(
                lambda: Connection(self),
                self._host,
                self._port,
                ssl=self._tls,
                ssl_handshake_timeout=None if self._tls is None else self.limits.head_timeout,
                backlog=_BACKLOG,
                reuse_port=self._shared or None,
            )
        except OSError as error:
            raise explain_bind_error(error, host=self._host, port=self._port, purpose="gateway") from error
        self._port = _port(self._server.sockets[0])
        await self._tasks.__aenter__()
        shortest = min(self.limits.head_timeout, self.limits.body_timeout, self.limits.idle_timeout, self.limits.linger)
        self._interval = min(_SWEEP, max(shortest / 4, 0.01))
        self._plan()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop_intake()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for connection in list(self._connections):
            connection.cut_off()
        await self._tasks.__aexit__(None, None, None)

    def shut(self) -> None:
        """Accept no more connections, and let every answer from now on be the last of its connection."""
        self.draining = True
        if self._server is not None:
            self._server.close()
            self._server = None

    def stop_intake(self) -> None:
        """Accept no more connections, close idle ones, and let every answer under way be the last of its connection."""
        self.shut()
        for connection in list(self._connections):
            connection.drain()

    # -- for connections

    def opened(self, connection: Guest) -> bool:
        """A client came."""
        self._connections.add(connection)
        return len(self._connections) <= self.limits.connections

    def closed(self, connection: Guest) -> None:
        """A client went."""
        self._connections.discard(connection)

    def handle(self, incoming: Incoming, reply: Reply) -> Coroutine[Any, Any, None] | None:
        """Give a request to the handler, unless it is about the server itself."""
        if incoming.target == b"*":
            reply.send(200, _SERVER_OPTIONS, b"", length=0)
            return None
        return self.handler(incoming, reply)

    def run(self, work: Coroutine[Any, Any, None], reply: Reply) -> "asyncio.Task[None]":
        """Run what is left of a handler."""
        return self._tasks.create_task(self._finish(work, reply))

    def refused(self, error: BadRequest, peer: str) -> tuple[list[tuple[bytes, bytes]], bytes]:
        """What is answered to bytes that are no request."""
        if self._on_refused is not None:
            self._on_refused(error, peer)
        return refusal(error)

    async def _finish(self, work: Coroutine[Any, Any, None], reply: Reply) -> None:
        try:
            await work
        except ClientGone:
            return
        except Exception:
            log.exception("the handler failed")
        if reply.started:
            reply.finish()
        else:
            reply.abort()

    def _plan(self) -> None:
        self._timer = self._loop.call_later(self._interval, self._sweep)

    def _sweep(self) -> None:
        now = self._loop.time()
        for connection in list(self._connections):
            connection.sweep(now)
        self._plan()


def _port(listening: socket.socket) -> int:
    return int(listening.getsockname()[1])
