"""
One line per event in the log, as long as that is what a person can read.

A line costs more than delivering an event, so there is a bound per second; what is beyond it is told as a number in the
next line. Nothing is spent where the level is switched off.
"""

import logging
from collections.abc import Callable
from typing import Any

LINES_PER_SECOND = 50


class Summary:
    """Says of an event how it ended."""

    def __init__(self, log: Any, *, now: Callable[[], float], per_second: int = LINES_PER_SECOND) -> None:
        """`log` is a bound structlog logger; `now()` is a time in seconds that only grows."""
        self._log = log
        self._now = now
        self._per_second = per_second
        self._window = 0.0
        self._written = 0
        self._left_out = 0
        self._levels = {level: log.is_enabled_for(level) for level in (logging.INFO, logging.WARNING)}

    def wants(self, level: int) -> bool:
        """Whether to `write` the line of this event; one that is not wanted is counted."""
        if not self._levels[level]:
            return False
        if self._written < self._per_second:
            self._written += 1
            return True
        if self._now() - self._window < 1.0:
            self._left_out += 1
            return False
        self._window = self._now()
        self._written = 1
        return True

    def write(self, level: int, message: str, **facts: object) -> None:
        """Write the line; `facts` that are None or empty are left out."""
        known = {name: value for name, value in facts.items() if value not in (None, "")}
        if self._left_out:
            known["lines_left_out"] = self._left_out
            self._left_out = 0
        self._log.log(level, message, **known)
