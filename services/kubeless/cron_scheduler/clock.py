"""
Clocks that do not agree: the one on the wall is set by people and by NTP, the other only goes on.

Schedules follow the wall. A jump of it against the steady clock is a step; that both are far ahead of what was waited
for is a machine that slept, which needs no care of its own: its times are late, as after a restart.
"""

import time
from collections.abc import Callable

STEP = 2.0
"""Seconds; a smaller jump is a correction, in which nothing is lost or done twice."""


def steady() -> float:
    """Seconds that go on while the machine sleeps, where the system has such a clock."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


class StepWatch:
    """Notices steps of the wall clock."""

    def __init__(self, wall: Callable[[], float], unmoved: Callable[[], float]) -> None:
        self._wall = wall
        self._unmoved = unmoved
        self._difference = wall() - unmoved()

    def look(self) -> float:
        """By how many seconds the wall clock was set since the last look; 0 if it was not."""
        difference = self._wall() - self._unmoved()
        step = difference - self._difference
        self._difference = difference
        return step if abs(step) > STEP else 0.0
