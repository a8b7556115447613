"""
How long an exchange may take, and the one timer per connection that sees to it.

A timer per request would cost more than parsing the response. So the timer of a connection is armed once and asks, when
it fires, whether the exchange of that moment is late; if not, it sleeps until it could be.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Limits in seconds; None means no limit."""

    connect: float | None = 3.0
    """For one connection to be accepted."""

    acquire: float | None = 5.0
    """For a connection to become free when the endpoint's pool is at its bound."""

    read: float | None = 60.0
    """
    Between two signs of life of the endpoint: bytes that come from it, or bytes of ours that it takes. Time the caller
    takes, to read the response or to produce the request body, does not count.
    """

    expect: float = 1.0
    """For the answer to `Expect: 100-continue`; then the body is sent unasked (RFC 9110 10.1.1)."""

    total: float | None = None
    """From the call of `send` to the last byte of the response, further attempts included."""


DEFAULT = Timeouts()


class Alarm:
    """
    Calls `due(now)` when it may be time, again and again until that returns None.

    `due` returns the loop time at which to look again. It is never called before the time it asked for.
    """

    __slots__ = ("_at", "_due", "_handle", "_loop")

    def __init__(self, loop: asyncio.AbstractEventLoop, due: Callable[[float], float | None]) -> None:
        self._loop = loop
        self._due = due
        self._handle: asyncio.TimerHandle | None = None
        self._at = 0.0

    def set(self, at: float) -> None:
        """Look at loop time `at` or before. Free when a look is already planned that early."""
        if self._handle is None or at < self._at:
            self.cancel()
            self._at = at
            self._handle = self._loop.call_at(at, self._fire)

    def cancel(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _fire(self) -> None:
        self._handle = None
        again = self._due(self._loop.time())
        if again is not None:
            self.set(again)


def earliest(first: float | None, second: float | None) -> float | None:
    """The earlier of two loop times, None being never."""
    if first is None:
        return second
    return first if second is None or first <= second else second
