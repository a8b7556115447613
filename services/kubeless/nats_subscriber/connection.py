"""
The connection to NATS: one for all triggers, replaced when it is lost or the credentials change.

Who uses it asks for the `Link` there is, and for the next one when that is lost. With new credentials the next link is
there before the last one ends, so that core subscriptions have no gap. A set of credentials that cannot be used does
not replace one that can.
"""

import asyncio
import random
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn, Self

import structlog
from nats.aio.client import Client

from kubeless.core.backoff import Backoff
from kubeless.core.errors import KubelessError
from kubeless.delivery.sources.credentials import Credentials
from kubeless.kube.follower import Source
from kubeless.nats_subscriber import foreign
from kubeless.nats_subscriber.foreign import BrokerUnavailable, Lost
from kubeless.nats_subscriber.jetstream import JetStream
from kubeless.nats_subscriber.security import Security, check, read
from kubeless.nats_subscriber.settings import Settings

log = structlog.get_logger(__name__)

CLIENT_NAME = "kubeless-nats-trigger-controller"

HANDOVER = 2.0
"""Seconds that a link goes on beside its successor."""


@dataclass(slots=True)
class Link:
    """One connection, for as long as it lasts."""

    client: Client
    jetstream: JetStream
    lost: Lost
    has_jetstream: bool | None = None
    """None: not known yet."""

    @property
    def usable(self) -> bool:
        """Whether it is connected and the one to use."""
        return not self.lost.event.is_set()


class Connection:
    """Enter `running` to connect and to follow changes of the credentials."""

    def __init__(self, settings: Settings, client: Source) -> None:
        """
        `client` is asked for the Secret, if the settings name one.

        Raises SettingError for settings that can never work.
        """
        check(settings, secret=bool(settings.secret))
        self._settings = settings
        self._rotated = asyncio.Event()
        self._credentials: Credentials[Security, ssl.SSLContext] = Credentials(
            "NATS",
            settings,
            client,
            read=lambda secret: read(settings, secret, read_file=Path.read_bytes),
            use=Security.tls_context,
            changed=self._rotated.set,
            refused=self._note,
        )
        self._listeners: list[Callable[[], None]] = []
        self._link: Link | None = None
        self._linked = asyncio.Condition()
        self._discovered: tuple[str, ...] = ()
        self._parting: set[asyncio.Task[None]] = set()
        self.asked = False
        """Whether anything is known about the server yet."""
        self.problem = ""
        """Why NATS cannot be used, for people; empty if nothing is known to be wrong."""

    @property
    def reachable(self) -> bool:
        """Whether the server answered when it was asked last."""
        return self.asked and not self.problem

    @property
    def has_jetstream(self) -> bool | None:
        """Whether the server has JetStream; None: not known."""
        return None if self._link is None else self._link.has_jetstream

    @property
    def server(self) -> str:
        """Where we are connected, without credentials; empty if nowhere."""
        url = None if self._link is None else self._link.client.connected_url
        return "" if url is None else f"{url.hostname}:{url.port}"

    def current(self) -> Link:
        """The link there is. Raises BrokerUnavailable."""
        if self._link is None or not self._link.usable:
            raise BrokerUnavailable(self.problem or "not connected to NATS yet")
        return self._link

    def client(self) -> Client:
        """The library's connected client. Raises BrokerUnavailable."""
        return self.current().client

    def jetstream(self) -> JetStream:
        """The JetStream API. Raises BrokerUnavailable."""
        return self.current().jetstream

    async def link(self) -> Link:
        """The link there is, or the next one."""
        async with self._linked:
            while self._link is None or not self._link.usable:
                await self._linked.wait()
            return self._link

    def subscribe(self, listener: Callable[[], None]) -> None:
        """Call `listener` when it has changed whether, and with what, the server answers."""
        self._listeners.append(listener)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Self]:
        """Keep connected while the body runs; on entry the credentials were read, the server may be away."""
        async with self._credentials.running(), asyncio.TaskGroup() as group:
            staying = group.create_task(self._stay_connected(group))
            try:
                yield self
            finally:
                for task in (staying, *self._parting):
                    task.cancel()
                if self._link is not None:
                    await foreign.close(self._link.client)

    async def _stay_connected(self, group: asyncio.TaskGroup) -> NoReturn:
        backoff = Backoff(initial=0.2, maximum=3.0)
        while True:
            before = self._link
            self._rotated.clear()
            try:
                link = await self._connect()
            except KubelessError as error:
                if before is None or not before.usable:
                    self._note(str(error))
                else:
                    log.warning("the new credentials for NATS are refused, the last connection stays", error=str(error))
                await _wait(self._rotated, backoff.next())
                if before is not None and before.usable:
                    await self._hold(before)
                continue
            async with self._linked:
                self._link = link
                self._linked.notify_all()
            if before is not None:
                before.lost.event.set()
                parting = group.create_task(_part(before))
                self._parting.add(parting)
                parting.add_done_callback(self._parting.discard)
            backoff.reset()
            self._note("")
            self._tell()
            await self._hold(link)

    async def _connect(self) -> Link:
        security, context = self._credentials.security, self._credentials.usable
        if security is None or context is None:
            raise BrokerUnavailable(self.problem or "the credentials for NATS have not been read yet")
        servers = list(dict.fromkeys((*self._settings.servers, *self._discovered)))
        random.shuffle(servers)  # replicas spread over the cluster
        problems = []
        for server in servers:
            try:
                client, lost = await foreign.connect(
                    server,
                    security,
                    context,
                    name=CLIENT_NAME,
                    timeout=self._settings.request_timeout,
                )
            except BrokerUnavailable as error:
                problems.append(f"{server.rpartition('@')[2]}: {error}")
                continue
            self._discovered = tuple(each.geturl() for each in client.discovered_servers)
            jetstream = JetStream(client, domain=self._settings.domain, timeout=self._settings.request_timeout)
            link = Link(client, jetstream, lost)
            await self._ask_for_jetstream(link)
            return link
        raise BrokerUnavailable(f"cannot reach NATS at {'; '.join(problems)}")

    async def _hold(self, link: Link) -> None:
        """Return when `link` is lost, or there are new credentials to try."""
        while link.usable and not self._rotated.is_set():
            await _first((link.lost.event, self._rotated), self._settings.probe_interval)
            if link.usable and not self._rotated.is_set():
                await self._probe(link)
        if not link.usable:
            self._note(f"the connection to NATS was lost: {link.lost.last_error or 'closed'}")
            await foreign.close(link.client)

    async def _probe(self, link: Link) -> None:
        try:
            async with asyncio.timeout(self._settings.request_timeout):
                await foreign.flush(link.client, self._settings.request_timeout)
        except foreign.FAILURES as error:
            link.lost.last_error = link.lost.last_error or f"the server does not answer ({foreign.describe(error)})"
            link.lost.event.set()
            return
        if not link.has_jetstream:
            await self._ask_for_jetstream(link)

    async def _ask_for_jetstream(self, link: Link) -> None:
        before = link.has_jetstream
        try:
            link.has_jetstream = await link.jetstream.available()
        except BrokerUnavailable:
            return  # It did not say; the next probe asks again.
        if link.has_jetstream != before:
            self._tell()

    def _note(self, problem: str) -> None:
        if self.asked and problem == self.problem:
            return
        if not self.asked or bool(problem) != bool(self.problem):
            log.warning("NATS does not answer", error=problem) if problem else log.info("connected to NATS")
        self.asked, self.problem = True, problem
        self._tell()

    def _tell(self) -> None:
        for listener in self._listeners:
            listener()


async def _part(link: Link) -> None:
    """Give those who used a link time to move to the next one."""
    try:
        await asyncio.sleep(HANDOVER)
    finally:
        await foreign.close(link.client)


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass


async def _first(events: tuple[asyncio.Event, ...], seconds: float) -> None:
    """Wait for any of `events`."""
    tasks = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
