"""
One line per event that met its fate: which one, where from and where to, how it ended, how often and how long.

What went well is told as long as that is wanted, or a share of it; what did not go well is always told. The lines say
the same whatever the source is, and are written off the event loop, see `core.linewriter`.
"""

import logging
import random
from collections.abc import Callable

from kubeless.core import logs
from kubeless.core.linewriter import LineWriter
from kubeless.delivery.outcome import Answer, Fate

_MESSAGES = {
    Fate.DELIVERED: "event delivered",
    Fate.REFUSED: "event refused",
    Fate.DEAD_LETTERED: "event became a dead letter",
    Fate.DROPPED: "event dropped",
}


def _write(lines: str) -> None:
    # What is below the level of the log was left out before.
    logs.write_rendered(lines, level=logging.WARNING)


class EventLog:
    """The lines of one service. Belongs to one event loop; `close` writes what is left."""

    def __init__(
        self,
        *,
        enabled: bool,
        sample: float,
        draw: Callable[[], float] = random.random,
        write: Callable[[str], None] = _write,
    ) -> None:
        """
        `sample` is the share of the delivered events that get a line, if `enabled`. Made after the log's level is set:
        what is below it is left out here.
        """
        root = logging.getLogger()
        self._share = sample if enabled and root.isEnabledFor(logging.INFO) else 0.0
        self._failures = root.isEnabledFor(logging.WARNING)
        self._draw = draw
        self._lines = LineWriter(__name__, lost="events without a line", write=write)

    def __repr__(self) -> str:
        return f"<EventLog share={self._share} {self._lines!r}>"

    def wants(self, fate: Fate) -> bool:
        """Whether an event gets a line; asked first, as the line costs more than the question."""
        if fate is not Fate.DELIVERED:
            return self._failures
        return self._share >= 1.0 or (self._share > 0.0 and self._draw() < self._share)

    def write(
        self,
        fate: Fate,
        event_id: str,
        *,
        trigger: str,
        function: str,
        answer: Answer,
        attempts: int,
        seconds: float,
    ) -> None:
        """Write a line; `answer` is the last one, `seconds` the time since the event was received."""
        entry = {
            "message": _MESSAGES[fate],
            "event_id": event_id,
            "trigger": trigger,
            "function": function,
            "outcome": fate.value,
            "attempts": attempts,
            "took": round(seconds, 6),
        }
        if answer.status is not None:
            entry["status"] = answer.status
        if answer.error:
            entry["error"] = answer.error
        self._lines.add(entry, level="info" if fate is Fate.DELIVERED else "warning")

    def close(self) -> None:
        """Write what is left; called when no more events come."""
        self._lines.close()
