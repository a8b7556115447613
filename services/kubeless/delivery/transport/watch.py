"""
The one timer of a connection, which ends exchanges that are late.

A timer per request would cost more than parsing the response. So the timer is armed once and asks, when it fires,
whether the exchange of that moment is late; if not, it sleeps until it could be.
"""

import asyncio
from typing import Protocol

from kubeless.delivery.transport.errors import ReadTimeout, TotalTimeout, TransportError
from kubeless.delivery.transport.timeouts import earliest


class Watched(Protocol):
    """A connection, as its watch sees it."""

    @property
    def busy(self) -> bool:
        """Whether an exchange is under way."""

    def excused(self) -> bool:
        """Whether the endpoint cannot be blamed for its silence since the last call, or was not silent."""

    def late(self, error: TransportError) -> None:
        """The exchange takes too long."""


class Watch:
    """For one exchange after the other."""

    __slots__ = ("_alive_at", "_at", "_deadline", "_handle", "_loop", "_peer", "_read", "_watched")

    def __init__(self, watched: Watched, loop: asyncio.AbstractEventLoop, peer: str) -> None:
        self._watched = watched
        self._loop = loop
        self._peer = peer
        self._alive_at = 0.0
        self._read: float | None = None
        self._deadline: float | None = None
        self._handle: asyncio.TimerHandle | None = None
        self._at = 0.0

    def begin(self, now: float, read: float | None, deadline: float | None) -> None:
        """An exchange begins at loop time `now`: at most `read` seconds without a sign of life, over at `deadline`."""
        self._alive_at = now
        self._read = read
        self._deadline = deadline
        at = deadline if read is None else earliest(deadline, now + read)
        if at is not None and (self._handle is None or at < self._at):
            self._look(at)

    def alive(self) -> None:
        """The endpoint gave a sign of life."""
        self._alive_at = self._loop.time()

    def stop(self) -> None:
        """There are no limits any more."""
        self._read = self._deadline = None
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _look(self, at: float) -> None:
        if self._handle is not None:
            self._handle.cancel()
        self._at = at
        self._handle = self._loop.call_at(at, self._fire)

    def _fire(self) -> None:
        self._handle = None
        again = self._check(self._loop.time())
        if again is not None:
            self._look(again)

    def _check(self, now: float) -> float | None:
        """End an exchange that is late; otherwise say when it could be."""
        if not self._watched.busy:
            return None
        if self._deadline is not None and now >= self._deadline:
            self._watched.late(TotalTimeout(f"{self._peer} did not complete its response within the total timeout"))
            return None
        if self._read is None:
            return self._deadline
        if self._watched.excused():
            self._alive_at = now
        if now >= self._alive_at + self._read:
            self._watched.late(ReadTimeout(f"{self._peer} was silent for {self._read:g} s"))
            return None
        return earliest(self._deadline, self._alive_at + self._read)
