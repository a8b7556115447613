"""
How long to wait before a worker is started again.

A worker that answered for a while and died (`os._exit` in a function, out of memory) is replaced at once. Workers
that die again and again while starting, or right after, come back ever more slowly.
"""

from __future__ import annotations

_INITIAL = 0.1
_MAXIMUM = 30.0
_STABLE = 1.0
"""Seconds of service after which earlier failures count no more."""
_ATTEMPTS = 4


class Backoff:
    """Time is an argument: seconds on any clock that does not go back."""

    def __init__(self) -> None:
        self._failures = 0
        self.until = 0.0
        """No start before this moment."""

    @property
    def exhausted(self) -> bool:
        """Whether it failed so often that trying on is pointless, if it never worked before."""
        return self._failures >= _ATTEMPTS

    def settle(self, served: float) -> None:
        """A worker ended that had been ready for `served` seconds."""
        if served >= _STABLE:
            self._failures = 0
            self.until = 0.0

    def fail(self, now: float) -> None:
        """A worker ended unasked. The first one in a row is replaced without a pause."""
        if self._failures:
            self.until = now + min(_MAXIMUM, _INITIAL * 2 ** (self._failures - 1))
        self._failures += 1
