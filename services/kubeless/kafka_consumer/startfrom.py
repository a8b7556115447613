"""
Where a group begins in a partition for which the broker remembers nothing.

- `earliest`: at the oldest record.
- `trigger`: at the first record since both the trigger and the function exist, so that nothing published since then is
  lost and nothing older is replayed. A partition that is added later begins at its first record by the same rule.
- a time: at the first record since then.
- `latest`: at the end, as it is when the group begins. That moment is kept as the metadata of the group's commits, so
  that a partition which comes later (added to the topic, or first assigned to another replica) begins at its first
  record since then, and not at an end that events have already passed.

Times are compared with the timestamps of records, which producers set; creation times are whole seconds, rounded down.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from kubeless.api.kafkatrigger import StartFrom

_BEGAN = "kubeless-began="


@dataclass(frozen=True, slots=True)
class StartRule:
    """What a subscription has to say about where it begins. Times are seconds since the Unix epoch."""

    start_from: StartFrom
    trigger_created: float
    function_created: float


Start = Literal["earliest", "latest"] | float
"""`earliest`, `latest`, or the first record since a time."""


def decide(rule: StartRule, *, began: float | None) -> Start:
    """Where to begin; `began` is when the group began, None if it begins now."""
    if isinstance(rule.start_from, datetime):
        return rule.start_from.timestamp()
    if rule.start_from == "trigger":
        return max(rule.trigger_created, rule.function_created)
    if rule.start_from == "latest" and began is not None:
        return began
    return rule.start_from


def note(began: float) -> str:
    """The metadata of a group's commits."""
    return f"{_BEGAN}{began:.3f}"


def read_began(notes: Iterable[str]) -> float | None:
    """When the group began, from the metadata of its commits; None if none says so."""
    moments = [moment for text in notes if (moment := _read(text)) is not None]
    return min(moments, default=None)


def _read(text: str) -> float | None:
    if not text.startswith(_BEGAN):
        return None
    try:
        return float(text.removeprefix(_BEGAN))
    except ValueError:
        return None
