"""
Progress on stderr: one line per step, and on a terminal a spinner that shows how long the current one takes.
"""

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from kubeless.cli import messages

_FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_INTERVAL = 0.1
"""Seconds between two frames."""

_CLEAR_LINE = "\r\x1b[K"


class Progress:
    """The step something is at. Telling the same step twice is telling it once."""

    def __init__(self, subject: str) -> None:
        self._subject = subject
        self._step = ""
        self._since = 0.0

    def tell(self, step: str) -> None:
        """Say that a step has begun."""
        if step == self._step:
            return
        self._step, self._since = step, time.monotonic()
        self.clear()
        messages.info(f"{self._subject}: {step}")

    def clear(self) -> None:
        """Make room for a line."""
        if sys.stderr.isatty():
            sys.stderr.write(_CLEAR_LINE)
            sys.stderr.flush()

    async def spin(self) -> None:
        """Draw until cancelled."""
        while True:
            for frame in _FRAMES:
                seconds = int(time.monotonic() - self._since)
                sys.stderr.write(f"{_CLEAR_LINE}{frame} {self._step} {seconds}s")
                sys.stderr.flush()
                await asyncio.sleep(_INTERVAL)


@asynccontextmanager
async def show_progress(subject: str) -> AsyncIterator[Progress]:
    """Progress of one thing, for as long as the block runs."""
    progress = Progress(subject)
    if not sys.stderr.isatty():
        yield progress
        return
    # Not a TaskGroup: that would wrap the error which ends the wait.
    spinning = asyncio.create_task(progress.spin())
    try:
        yield progress
    finally:
        spinning.cancel()
        await asyncio.wait([spinning])
        progress.clear()
