"""
One line per request, for those who want to know what happened.

It can be off, or tell of a share of what went well; what did not go well is always told.
"""

import random
from collections.abc import Callable

from kubeless.core import logs
from kubeless.core.linewriter import LineWriter

_WENT_WELL = frozenset({"answered", "preflight"})


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
        self._lines = LineWriter(__name__, lost="requests without a line", write=write)

    def __repr__(self) -> str:
        return f"<AccessLog {self._lines!r}>"

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
        self._lines.add(
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
        self._lines.add({"message": "no request", "status": status, "outcome": "refused", "error": error, "peer": peer})

    def close(self) -> None:
        """Write what is left; called when no more lines come."""
        self._lines.close()
