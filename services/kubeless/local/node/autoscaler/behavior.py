"""
How fast an autoscaler may act: `spec.behavior` of autoscaling/v2 with its defaults.

Recommendations of the recent past hold a change back (stabilization), and the changes of the recent past bound the next
one (policies). Both are pure: time is an argument, and what happened before is a value. The rules are those of
`pkg/controller/podautoscaler/horizontal.go`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from kubeless.core.jsontypes import JsonObject

_LONGEST_PERIOD = 3600.0


@dataclass(frozen=True, slots=True)
class Policy:
    """At most so much within a period."""

    type: str
    """Pods or Percent."""
    value: int
    period: float
    """Seconds."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Of one direction."""

    window: float
    """Seconds of recommendations that hold back a change."""
    select: str
    """Which policy counts: Max, Min, or Disabled (no change in this direction)."""
    policies: tuple[Policy, ...]


@dataclass(frozen=True, slots=True)
class Behavior:
    """Of both directions."""

    up: Rules
    down: Rules


DEFAULT_UP = Rules(0.0, "Max", (Policy("Pods", 4, 15.0), Policy("Percent", 100, 15.0)))
DEFAULT_DOWN = Rules(300.0, "Max", (Policy("Percent", 100, 15.0),))


@dataclass(frozen=True, slots=True)
class History:
    """What an autoscaler wanted and did, each with its time in seconds."""

    recommended: tuple[tuple[float, int], ...] = ()
    changes: tuple[tuple[float, int], ...] = ()
    """Pods added (or, negative, removed)."""

    def with_recommendation(self, now: float, replicas: int, *, keep: float) -> "History":
        """One more; those older than `keep` seconds are forgotten."""
        recent = tuple(entry for entry in self.recommended if entry[0] > now - keep)
        return History((*recent, (now, replicas)), self.changes)

    def with_change(self, now: float, added: int) -> "History":
        """One more change."""
        recent = tuple(entry for entry in self.changes if entry[0] > now - _LONGEST_PERIOD)
        return History(self.recommended, (*recent, (now, added)))


def parse_behavior(value: JsonObject | None) -> Behavior:
    """`spec.behavior`; what is not given has the defaults of Kubernetes."""
    given = value or {}
    return Behavior(_rules(given.get("scaleUp"), DEFAULT_UP), _rules(given.get("scaleDown"), DEFAULT_DOWN))


def _rules(given: JsonObject | None, default: Rules) -> Rules:
    given = given or {}
    window = given.get("stabilizationWindowSeconds")
    policies = tuple(
        Policy(str(policy.get("type")), int(policy.get("value", 0)), float(policy.get("periodSeconds", 15)))
        for policy in given.get("policies") or ()
    )
    return Rules(
        default.window if window is None else float(window),
        str(given.get("selectPolicy") or default.select),
        policies or default.policies,
    )


def stabilized(history: History, behavior: Behavior, current: int, desired: int, *, now: float) -> int:
    """`desired`, held back by what was recommended within the windows."""
    lowest = min([desired, *_since(history, now - behavior.up.window)])
    highest = max([desired, *_since(history, now - behavior.down.window)])
    return min(max(current, lowest), highest)


def _since(history: History, moment: float) -> Sequence[int]:
    return [replicas for at, replicas in history.recommended if at > moment]


def most_allowed(history: History, rules: Rules, current: int, *, now: float) -> int:
    """The largest number of pods that the policies for scaling up allow now."""
    if rules.select == "Disabled":
        return current
    allowed = []
    for policy in rules.policies:
        began = current - _changed(history, now - policy.period)
        grown = Fraction(began) * (100 + policy.value) / 100 if policy.type == "Percent" else began + policy.value
        allowed.append(math.ceil(grown))
    return max(current, min(allowed) if rules.select == "Min" else max(allowed))


def least_allowed(history: History, rules: Rules, current: int, *, now: float) -> int:
    """The smallest number of pods that the policies for scaling down allow now."""
    if rules.select == "Disabled":
        return current
    allowed = []
    for policy in rules.policies:
        began = current - _changed(history, now - policy.period)
        left = Fraction(began) * (100 - policy.value) / 100 if policy.type == "Percent" else began - policy.value
        allowed.append(int(left))
    return min(current, max(allowed) if rules.select == "Min" else min(allowed))


def _changed(history: History, moment: float) -> int:
    return sum(added for at, added in history.changes if at > moment)
