"""
Numbers that all processes of one function server share.

Each worker writes one slot of a shared memory map, nobody else does, so no lock is needed: every number is an
aligned word of eight bytes, which processors write and read in one piece. The counts in a slot are never set back.
A worker that takes over the slot of one that died goes on counting where that one stopped, which keeps the sums
monotonic.
"""

from __future__ import annotations

import mmap
from typing import NamedTuple

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "OTHER")
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)

_WORD = 8
# Words of the map: [replacements] then per slot [beat, deadline] and per method [calls, failures, seconds, buckets...].
_HEADER = 1
_BEAT, _DEADLINE, _COUNTS = 0, 1, 2
_CALLS, _FAILURES, _SECONDS, _FIRST_BUCKET = 0, 1, 2, 3
_PER_METHOD = _FIRST_BUCKET + len(BUCKETS) + 1
_PER_SLOT = _COUNTS + _PER_METHOD * len(METHODS)
_METHOD_INDEX = {method: index for index, method in enumerate(METHODS)}


class Totals(NamedTuple):
    """The counts of one method over all workers, past and present."""

    calls: int
    failures: int
    seconds: float
    buckets: tuple[int, ...]
    """Calls per bucket (not added up); the last one is +Inf."""


class Scoreboard:
    """Made by the supervisor before it forks; every process sees the same memory."""

    def __init__(self, slots: int) -> None:
        self.slots = slots
        memory = memoryview(mmap.mmap(-1, _WORD * (_HEADER + slots * _PER_SLOT)))
        self._integers = memory.cast("q")
        self._floats = memory.cast("d")

    def slot(self, index: int) -> Slot:
        return Slot(self._integers, self._floats, _HEADER + index * _PER_SLOT)

    @property
    def replacements(self) -> int:
        """How many workers ended unasked and were replaced."""
        return self._integers[0]

    def count_replacement(self) -> None:
        """Only for the supervisor."""
        self._integers[0] += 1

    def totals(self) -> dict[str, Totals]:
        """The sums for each method that was called at least once."""
        found = {}
        for index, method in enumerate(METHODS):
            starts = [_HEADER + slot * _PER_SLOT + _COUNTS + index * _PER_METHOD for slot in range(self.slots)]
            calls = sum(self._integers[start + _CALLS] for start in starts)
            if calls:
                found[method] = self._sum(starts, calls)
        return found

    def _sum(self, starts: list[int], calls: int) -> Totals:
        integers = self._integers
        buckets = range(_FIRST_BUCKET, _PER_METHOD)
        return Totals(
            calls,
            sum(integers[start + _FAILURES] for start in starts),
            sum(self._floats[start + _SECONDS] for start in starts),
            tuple(sum(integers[start + bucket] for start in starts) for bucket in buckets),
        )


class Slot:
    """The part of the scoreboard that one worker writes."""

    __slots__ = ("_floats", "_integers", "_start")

    def __init__(self, integers: memoryview[int], floats: memoryview[float], start: int) -> None:
        self._integers = integers
        self._floats = floats
        self._start = start

    @property
    def beat(self) -> float:
        """When the worker's watchdog last ran, on the monotonic clock; 0 before its first round."""
        return self._floats[self._start + _BEAT]

    @beat.setter
    def beat(self, moment: float) -> None:
        self._floats[self._start + _BEAT] = moment

    @property
    def deadline(self) -> float:
        """When the oldest call in progress must be over, on the monotonic clock; 0 when there is none."""
        return self._floats[self._start + _DEADLINE]

    @deadline.setter
    def deadline(self, moment: float) -> None:
        self._floats[self._start + _DEADLINE] = moment

    def count_call(self, method: str, *, seconds: float, failed: bool) -> None:
        start = self._start + _COUNTS + _METHOD_INDEX.get(method, len(METHODS) - 1) * _PER_METHOD
        bucket = 0
        for bound in BUCKETS:
            if seconds <= bound:
                break
            bucket += 1
        self._integers[start + _FIRST_BUCKET + bucket] += 1
        self._floats[start + _SECONDS] += seconds
        if failed:
            self._integers[start + _FAILURES] += 1
        self._integers[start + _CALLS] += 1
