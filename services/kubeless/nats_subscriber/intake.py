"""What both ways of taking in messages have in common: a life of sessions, each on one connection."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, Protocol

import structlog

from kubeless.core.backoff import Backoff
from kubeless.core.errors import KubelessError
from kubeless.core.event import Event
from kubeless.delivery.policy import DeliveryPolicy
from kubeless.delivery.sources.subscription import State
from kubeless.nats_subscriber.connection import Connection, Link
from kubeless.nats_subscriber.foreign import BrokerUnavailable
from kubeless.nats_subscriber.metrics import PairCounters
from kubeless.nats_subscriber.outbox import Outbox

log = structlog.get_logger(__name__)


class Deliveries(Protocol):
    """What is used of `kubeless.delivery.deliverer.Deliverer`."""

    @property
    def free(self) -> int: ...

    @property
    def in_flight(self) -> int: ...

    @property
    def queued(self) -> int: ...

    def offer(self, event: Event, done: Callable[[], None]) -> None: ...

    async def drain(self, timeout: float) -> bool: ...

    def update(self, policy: DeliveryPolicy) -> None: ...


class Trouble(KubelessError):
    """A session cannot go on; tried again, for what is wrong may be put right at the server."""

    retriable = True

    def __init__(self, reason: str, message: str) -> None:
        """`reason` is one CamelCase word."""
        self.reason = reason
        super().__init__(message)


class Intake(ABC):
    """Runs in a task of its owner (`run`) until `stop`."""

    def __init__(
        self, *, connection: Connection, deliveries: Deliveries, counters: PairCounters, changed: Callable[[], None]
    ) -> None:
        """`changed` is called after each change of `state`."""
        self.state = State("Starting", "connecting to NATS", healthy=False)
        self._connection = connection
        self._deliveries = deliveries
        self._counters = counters
        self._changed = changed
        self._outbox = Outbox()
        self._stopping = asyncio.Event()
        self._retry = asyncio.Event()
        self._backoff = Backoff(initial=0.5, maximum=10.0)

    @property
    @abstractmethod
    def pending(self) -> int:
        """Messages that are not done, as far as is known here."""

    @abstractmethod
    async def _session(self, link: Link) -> None:
        """Take in messages over `link` until it is lost, or until `_stopping`; may raise Trouble."""

    @abstractmethod
    async def _finish(self) -> None:
        """After the last session: let what is under way end, and tell those who wait for it."""

    def stop(self) -> None:
        """Take in nothing more; `run` returns when what is under way has ended, or had its time."""
        self._stopping.set()
        self._retry.set()

    async def run(self) -> None:
        """Take in messages until `stop`."""
        while not self._stopping.is_set():
            link = await self._next_link()
            if link is None:
                break
            try:
                await self._session(link)
            except Exception as error:
                # Whatever it is, it must not touch the other triggers.
                self._failed(error)
            if not self._stopping.is_set():
                self._counters.restarts += 1
                await self._pause(link)
        await self._finish()

    async def _next_link(self) -> Link | None:
        """The connection there is, or None if it is time to stop first."""
        found = asyncio.ensure_future(self._connection.link())
        stopping = asyncio.ensure_future(self._stopping.wait())
        try:
            await asyncio.wait((found, stopping), return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
            found.cancel()
        return found.result() if found.done() and not found.cancelled() and not self._stopping.is_set() else None

    async def _pause(self, link: Link) -> None:
        """Before the next session; a new connection is reason to try at once."""
        if not link.usable:
            return
        self._retry.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._backoff.next()):
                await self._retry.wait()

    def _failed(self, error: Exception) -> None:
        if isinstance(error, Trouble):
            self._say(error.reason, str(error), healthy=False)
        elif isinstance(error, BrokerUnavailable):
            self._say("BrokerUnavailable", str(error), healthy=False)
        elif isinstance(error, KubelessError):
            self._say("Refused", f"the server refused: {error}", healthy=False)
        else:
            log.exception("session with NATS failed", error=str(error))
            self._say("InternalError", f"{type(error).__name__}; see the log", healthy=False)

    def _say(self, reason: str, message: str, *, healthy: bool) -> None:
        state = State(reason, message, healthy)
        if state != self.state:
            self.state = state
            self._changed()


async def run_until(event: asyncio.Event, *work: Coroutine[Any, Any, None]) -> None:
    """Run all of `work` until `event`, or one of them ends or fails; raises what it raised."""
    tasks: list[asyncio.Task[Any]] = [asyncio.ensure_future(each) for each in work]
    waiting = asyncio.ensure_future(event.wait())
    try:
        await asyncio.wait((waiting, *tasks), return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            if task.done():
                task.result()
    finally:
        for task in (waiting, *tasks):
            task.cancel()
        await asyncio.gather(waiting, *tasks, return_exceptions=True)
