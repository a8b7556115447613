"""
One line per request, for those who want to know what happened.

It can be off, or tell of a share of what went well; what did not go well is always told. A line is made on the event
loop in a few microseconds, and written by a thread together with those of the same moment: a log that is slow to take
lines holds up no request. If it takes none at all, lines are dropped, and how many is told as soon as it does again.
"""

import asyncio
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import orjson

from kubeless.core import logs

_WENT_WELL = frozenset({"answered", "preflight"})

_PAUSE = 0.1
"""Seconds that lines are gathered."""

_HELD = 20_000
"""Lines that wait for the log; a few MB."""

_NAME = __name__


class AccessLog:
    """Writes JSON lines to the process's log. Belongs to one event loop; `close` writes what is left."""

    def __init__(
        self,
        *,
        enabled: bool,
        sample: float,
        draw: Callable[[], float] = random.random,
        write: Callable[[str], None] = logs.write_rendered,
    ) -> None:
        """`sample` is the share of answered requests that get a line; `draw()` and `write()` are replaced in tests."""
        self._enabled = enabled
        self._sample = sample
        self._draw = draw
        self._write = write
        self._lines: list[bytes] = []
        self._dropped = 0
        self._timer: asyncio.TimerHandle | None = None
        self._writing: asyncio.Future[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="access-log")

    def __repr__(self) -> str:
        return f"<AccessLog {len(self._lines)} lines wait, {self._dropped} dropped>"

    def wants(self, *, status: int, outcome: str) -> bool:
        """Whether a request gets a line; asked first, as the line costs more than the question."""
        if not self._enabled:
            return False
        if outcome not in _WENT_WELL or status >= 500:
            return True
        return self._sample >= 1.0 or self._draw() < self._sample

    def write(
        self,
        *,
        method: str,
        target: bytes,
        status: int,
        outcome: str,
        seconds: float,
        route: str,
        function: str,
        request_id: str,
        peer: str,
    ) -> None:
        """Write a line. Header fields are not told: they hold passwords."""
        self._add(
            {
                "message": "request",
                "method": method[:20],
                "target": target.decode("ascii", "backslashreplace"),
                "status": status,
                "outcome": outcome,
                "took": round(seconds, 6),
                "route": route,
                "function": function,
                "request_id": request_id,
                "peer": peer,
            }
        )

    def write_refused(self, *, status: int, error: str, peer: str) -> None:
        """Write a line about what was no request."""
        self._add({"message": "no request", "status": status, "outcome": "refused", "error": error, "peer": peer})

    def close(self) -> None:
        """Write what is left; called when no more lines come."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._thread.shutdown(wait=True)
        self._write_lines(*self._take())

    def _add(self, entry: dict[str, Any]) -> None:
        if len(self._lines) >= _HELD:
            self._dropped += 1
            return
        entry.update(logger=_NAME, level="info", timestamp=datetime.now(tz=UTC))
        self._lines.append(orjson.dumps(entry, option=orjson.OPT_UTC_Z))
        if self._timer is None and self._writing is None:
            self._timer = asyncio.get_running_loop().call_later(_PAUSE, self._flush)

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
            told = {"message": "requests without a line", "count": dropped, "logger": _NAME, "level": "warning"}
            lines.append(orjson.dumps({**told, "timestamp": datetime.now(tz=UTC)}, option=orjson.OPT_UTC_Z))
        if lines:
            self._write(b"\n".join(lines).decode())
