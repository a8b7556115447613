"""
When a worker has to be killed.

A worker sees to its own timeouts, if need be with its watchdog. Only a function that keeps the interpreter's lock
inside C code stops that too; the supervisor notices by the scoreboard.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .scoreboard import Slot

_DEADLINE_GRACE = 3.0
"""Seconds beyond a call's deadline: the worker's own watchdog needs up to 1.5."""
_BEAT_GRACE = 30.0


class Overdue:
    """
    Judges slots of the scoreboard once per `tick` seconds.

    If the supervisor itself did not run for some ticks, the whole container was paused, and the workers get one
    round to catch up.
    """

    def __init__(self, *, timeout: float, tick: float) -> None:
        self._timeout = timeout
        self._tick = tick
        self._last: float | None = None

    def is_due(self, now: float) -> bool:
        """Whether slots should be judged now."""
        last = self._last
        if last is not None and now - last < self._tick:
            return False
        self._last = now
        return last is not None and now - last < 3 * self._tick

    def judge(self, slot: Slot, now: float) -> str | None:
        """Why the worker of this slot must be killed, or None."""
        if slot.deadline and now > slot.deadline + _DEADLINE_GRACE:
            return "a call is %.1f s over its timeout and nothing in the process reacts" % (now - slot.deadline)
        if slot.beat and now > slot.beat + self._timeout + _BEAT_GRACE:
            return "the interpreter has not run for %.0f s" % (now - slot.beat)
        return None
