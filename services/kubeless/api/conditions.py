"""
Conditions: what an object's status says to people and to `kubectl wait`.

The rules are those of the Kubernetes API conventions (metav1.Condition): one condition per type, and
`lastTransitionTime` moves only when `status` changes, so "Ready since 09:41" is true however often the message was
rewritten.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from kubeless.api.metadata import format_time
from kubeless.core.jsontypes import JsonObject

MESSAGE_LIMIT = 32768
"""Characters; the limit metav1.Condition puts on `message`."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One statement about an object."""

    type: str
    status: bool | None
    """None is written as `Unknown`."""
    reason: str
    """One CamelCase word for programs."""
    message: str
    """For people: what is the matter and what to do about it."""
    observed_generation: int

    @property
    def status_word(self) -> str:
        """The three-valued status as Kubernetes writes it."""
        return "Unknown" if self.status is None else str(self.status)


def merge_conditions(current: Iterable[JsonObject], new: Iterable[Condition], *, now: datetime) -> list[JsonObject]:
    """
    The list of conditions to write, given the ones in the object.

    Types that `new` does not mention are kept: another service may have written them. The order stays stable.
    """
    merged = {condition["type"]: condition for condition in current}
    for condition in new:
        before = merged.get(condition.type)
        moved = before is None or before.get("status") != condition.status_word
        merged[condition.type] = {
            "type": condition.type,
            "status": condition.status_word,
            "reason": condition.reason,
            "message": condition.message[:MESSAGE_LIMIT],
            "observedGeneration": condition.observed_generation,
            "lastTransitionTime": format_time(now) if moved or before is None else before["lastTransitionTime"],
        }
    return list(merged.values())
