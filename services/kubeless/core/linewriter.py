"""
Lines of the log that are too many to write singly: made on the event loop, written by a thread.

A line takes a few microseconds on the loop; those of the same moment are written together, so a log that is slow to
take lines holds up nothing else. If it takes none at all, lines are dropped, and how many is told as soon as it does
again.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import orjson

from kubeless.core.jsontypes import JsonObject

_PAUSE = 0.1
"""Seconds that lines are gathered."""

_HELD = 20_000
"""Lines that wait for the log; a few MB."""


class LineWriter:
    """Writes JSON lines. Belongs to one event loop; `close` writes what is left."""

    def __init__(self, logger: str, *, lost: str, write: Callable[[str], None]) -> None:
        """`logger` is what the lines say of their origin, `lost` the message about those that were dropped."""
        self._logger = logger
        self._lost = lost
        self._write = write
        self._lines: list[bytes] = []
        self._dropped = 0
        self._timer: asyncio.TimerHandle | None = None
        self._writing: asyncio.Future[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="log-lines")

    def __repr__(self) -> str:
        return f"<LineWriter {self._logger} {len(self._lines)} lines wait, {self._dropped} dropped>"

    def add(self, entry: JsonObject, *, level: str = "info") -> None:
        """Write a line soon. `entry` is the writer's from now on."""
        if len(self._lines) >= _HELD:
            self._dropped += 1
            return
        self._lines.append(self._rendered(entry, level))
        if self._timer is None and self._writing is None:
            self._timer = asyncio.get_running_loop().call_later(_PAUSE, self._flush)

    def close(self) -> None:
        """Write what is left; called when no more lines come."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._thread.shutdown(wait=True)
        self._write_lines(*self._take())

    def _rendered(self, entry: JsonObject, level: str) -> bytes:
        entry.update(logger=self._logger, level=level, timestamp=datetime.now(tz=UTC))
        return orjson.dumps(entry, option=orjson.OPT_UTC_Z)

    def _flush(self) -> None:
        self._timer = None
        self._writing = asyncio.get_running_loop().run_in_executor(self._thread, self._write_lines, *self._take())
        self._writing.add_done_callback(self._written)

    def _written(self, _: object) -> None:
        self._writing = None
        if self._lines:
            self._flush()

    def _take(self) -> tuple[list[bytes], int]:
        lines, self._lines = self._lines, []
        dropped, self._dropped = self._dropped, 0
        return lines, dropped

    def _write_lines(self, lines: list[bytes], dropped: int) -> None:
        if dropped:
            lines.append(self._rendered({"message": self._lost, "count": dropped}, "warning"))
        if lines:
            self._write(b"\n".join(lines).decode())
