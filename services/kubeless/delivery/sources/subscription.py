"""
The life of one pair: it runs for as long as it is wanted, and whatever goes wrong in it stays in it.

What a service adds is how to take in events (`_serve`) and what of a change can be told to a running intake (`_adapt`).
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import structlog

from kubeless.core.backoff import Backoff
from kubeless.delivery.deliverer import Deliverer
from kubeless.delivery.sources.pair import Pair

log = structlog.get_logger(__name__)

WantT = TypeVar("WantT")


@dataclass(frozen=True, slots=True)
class State:
    """How an intake is, for people."""

    reason: str
    """One CamelCase word."""
    message: str
    healthy: bool


STOPPED = State("Stopped", "not consuming", healthy=False)


class Subscription(ABC, Generic[WantT]):
    """One pair. `WantT` says how it should be served; equal values are served alike."""

    def __init__(self, pair: Pair, changed: Callable[[Pair], None]) -> None:
        """`changed` is called when something about it that people see has changed."""
        self.pair = pair
        self._changed = changed
        self._want: WantT | None = None
        self._deliverer: Deliverer | None = None
        self._hurry = asyncio.Event()
        self._trouble: State | None = None

    @abstractmethod
    async def _serve(self, wanted: WantT) -> None:
        """Take in events until `_adapt` says that `wanted` no longer holds. Has `_deliverer` set meanwhile."""

    @abstractmethod
    def _adapt(self, before: WantT, wanted: WantT | None) -> None:
        """Tell the running intake what has changed; it is to end if `wanted` is None or too different."""

    @property
    @abstractmethod
    def _intake(self) -> State | None:
        """How the intake is; None if there is none."""

    @property
    def state(self) -> State:
        """How it goes."""
        return self._trouble or self._intake or STOPPED

    @property
    def healthy(self) -> bool:
        """Whether it takes in events."""
        return self.state.healthy

    @property
    def wanted(self) -> bool:
        """Whether it should run."""
        return self._want is not None

    @property
    def stuck(self) -> str:
        """Why dead letters cannot be written; empty if nothing is known to be wrong."""
        return (self._deliverer.stuck or "") if self._deliverer is not None else ""

    @property
    def last_error(self) -> str:
        """Why the latest attempt to deliver failed; empty if it did not."""
        return (self._deliverer.last_error or "") if self._deliverer is not None else ""

    def want(self, wanted: WantT | None) -> None:
        """Be like this from now on; None: end."""
        before, self._want = self._want, wanted
        self._hurry.set()
        if wanted != before and before is not None and self._intake is not None:
            self._adapt(before, wanted)

    def wake(self) -> None:
        """The function's endpoints have changed."""
        if self._deliverer is not None:
            self._deliverer.wake()

    async def run(self) -> None:
        """Serve until nothing is wanted."""
        backoff = Backoff()
        while self._want is not None:
            try:
                await self._serve(self._want)
            except Exception as error:
                # A defect of ours; the other pairs go on, and this one is tried again.
                log.exception("intake failed", pair=self.pair)
                self._trouble = State("InternalError", f"{type(error).__name__}; see the log", healthy=False)
                self._changed(self.pair)
                self._hurry.clear()
                await _wait(self._hurry, backoff.next())
                self._trouble = None
            else:
                backoff.reset()


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass
