"""A bar on stderr for work of a known size. Where stderr is no terminal there is none: a file has no use for it."""

import sys
import time
from types import TracebackType
from typing import Self

_WIDTH = 30
_INTERVAL = 0.1
"""Seconds between two drawings."""

_CLEAR_LINE = "\r\x1b[K"


class ProgressBar:
    """Draws while entered; leaves the line empty."""

    def __init__(self, unit: str) -> None:
        """`unit` is what is counted, such as `messages`."""
        self._unit = unit
        self._started = self._drawn = 0.0
        self._visible = sys.stderr.isatty()

    def __enter__(self) -> Self:
        self._started = time.monotonic()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._visible:
            sys.stderr.write(_CLEAR_LINE)
            sys.stderr.flush()

    def show(self, fraction: float, count: int) -> None:
        """Say how far it is: `fraction` of the work, `count` units."""
        now = time.monotonic()
        if not self._visible or (now - self._drawn < _INTERVAL and fraction < 1):
            return
        self._drawn = now
        sys.stderr.write(_CLEAR_LINE + bar(fraction, count, self._unit, seconds=now - self._started))
        sys.stderr.flush()


def bar(fraction: float, count: int, unit: str, *, seconds: float) -> str:
    """One drawing, such as `━━━━━───── 50% 1,200 messages, 400/s`."""
    share = min(max(fraction, 0.0), 1.0)
    full = round(share * _WIDTH)
    rate = f", {count / seconds:,.0f}/s" if seconds > 0.5 else ""
    return f"{'━' * full}{'─' * (_WIDTH - full)} {share:4.0%} {count:,} {unit}{rate}"
