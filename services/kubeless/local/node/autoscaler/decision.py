"""
What an autoscaler does next: a pure function of its spec, what the metrics ask for, what it did before, and the time.

The order of the steps, the reasons and the texts are those of Kubernetes
(`pkg/controller/podautoscaler/horizontal.go`), so that `kubectl describe hpa` reads as on a cluster.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from kubeless.core.jsontypes import JsonObject
from kubeless.local.node.autoscaler.behavior import (
    Behavior,
    History,
    least_allowed,
    most_allowed,
    parse_behavior,
    stabilized,
)
from kubeless.local.node.autoscaler.metric import Metric
from kubeless.local.node.autoscaler.proposal import Proposal
from kubeless.local.node.podstatus import CoreCondition

ABLE, ACTIVE, LIMITED = "AbleToScale", "ScalingActive", "ScalingLimited"
GOT_SCALE = CoreCondition(
    ABLE, True, "SucceededGetScale", "the HPA controller was able to get the target's current scale"
)


@dataclass(frozen=True, slots=True)
class Rule:
    """The spec of an autoscaler."""

    least: int
    most: int
    behavior: Behavior


@dataclass(frozen=True, slots=True)
class Reading:
    """A metric, and what it asks for or why that is not known."""

    metric: Metric
    proposal: Proposal | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do, and what to say."""

    replicas: int
    conditions: tuple[CoreCondition, ...]
    metrics: tuple[JsonObject, ...]
    """`status.currentMetrics`."""
    history: History
    reason: str = ""
    """Why the number of pods changes, for the event."""


@dataclass(frozen=True, slots=True)
class _Step:
    """The number of pods after a rule, and the condition that tells of it."""

    replicas: int
    condition: CoreCondition


def parse_rule(spec: JsonObject) -> Rule:
    """`spec` without its metrics and its target."""
    least = spec.get("minReplicas")
    return Rule(
        1 if least is None else int(least), int(spec.get("maxReplicas", 1)), parse_behavior(spec.get("behavior"))
    )


def decide(rule: Rule, current: int, readings: Sequence[Reading], history: History, *, now: float) -> Decision:
    """The decision at the moment `now` (seconds), given `current` pods as the target's spec asks for."""
    if current == 0 and rule.least != 0:
        text = "scaling is disabled since the replica count of the target is zero"
        return Decision(0, (GOT_SCALE, CoreCondition(ACTIVE, False, "ScalingDisabled", text)), (), history)
    if current > rule.most:
        return _bounded(rule.most, "Current number of replicas above Spec.MaxReplicas", history, current, now)
    if current < rule.least:
        return _bounded(rule.least, "Current number of replicas below Spec.MinReplicas", history, current, now)
    return _by_metrics(rule, current, readings, history, now)


def _bounded(replicas: int, reason: str, history: History, current: int, now: float) -> Decision:
    changed = history.with_change(now, replicas - current)
    return Decision(replicas, (_rescaled(replicas),), (), changed, reason)


def _by_metrics(rule: Rule, current: int, readings: Sequence[Reading], history: History, now: float) -> Decision:
    statuses = tuple(each.metric.status(each.proposal.current if each.proposal else None) for each in readings)
    failed = [each for each in readings if each.proposal is None]
    asked = [(each.proposal.replicas, str(each.metric)) for each in readings if each.proposal is not None]
    wanted, metric = max(asked, key=lambda each: each[0], default=(current, ""))
    # What is not known could be high: with it a decision to shrink cannot be taken, one to grow can.
    if failed and (not asked or wanted < current):
        text = f"the HPA was unable to compute the replica count: {failed[0].problem}"
        inactive = CoreCondition(ACTIVE, False, failed[0].metric.failure, text)
        return Decision(current, (GOT_SCALE, inactive), statuses, history)
    active = CoreCondition(
        ACTIVE, True, "ValidMetricFound", f"the HPA was able to successfully calculate a replica count from {metric}"
    )
    held, history = _hold_back(rule, current, wanted, history, now)
    bounded = _bound(rule, current, held.replicas, history, now)
    decision = Decision(bounded.replicas, (held.condition, active, bounded.condition), statuses, history)
    if bounded.replicas == current:
        return decision
    return replace(
        decision,
        conditions=(_rescaled(bounded.replicas), active, bounded.condition),
        history=history.with_change(now, bounded.replicas - current),
        reason=f"{metric} above target" if bounded.replicas > current else "All metrics below target",
    )


def _hold_back(rule: Rule, current: int, wanted: int, history: History, now: float) -> tuple[_Step, History]:
    behavior = rule.behavior
    keep = max(behavior.up.window, behavior.down.window)
    replicas = stabilized(history, behavior, current, wanted, now=now)
    words = ("ReadyForNewScale", "recommended size matches current size")
    if replicas > wanted:
        text = "recent recommendations were higher than current one, applying the highest recent recommendation"
        words = ("ScaleDownStabilized", text)
    elif replicas < wanted:
        text = "recent recommendations were lower than current one, applying the lowest recent recommendation"
        words = ("ScaleUpStabilized", text)
    return _Step(replicas, CoreCondition(ABLE, True, *words)), history.with_recommendation(now, wanted, keep=keep)


def _bound(rule: Rule, current: int, wanted: int, history: History, now: float) -> _Step:
    if wanted > current:
        rate = most_allowed(history, rule.behavior.up, current, now=now)
        most = min(rule.most, rate)
        if wanted > most:
            return _Step(most, _increase_limited(by_rate=rate < rule.most))
    else:
        rate = least_allowed(history, rule.behavior.down, current, now=now)
        least = max(rule.least, rate)
        if wanted < least:
            return _Step(least, _decrease_limited(by_rate=rate > rule.least))
    within = CoreCondition(LIMITED, False, "DesiredWithinRange", "the desired count is within the acceptable range")
    return _Step(wanted, within)


def _increase_limited(*, by_rate: bool) -> CoreCondition:
    if by_rate:
        text = "the desired replica count is increasing faster than the maximum scale rate"
        return CoreCondition(LIMITED, True, "ScaleUpLimit", text)
    text = "the desired replica count is more than the maximum replica count"
    return CoreCondition(LIMITED, True, "TooManyReplicas", text)


def _decrease_limited(*, by_rate: bool) -> CoreCondition:
    if by_rate:
        text = "the desired replica count is decreasing faster than the maximum scale rate"
        return CoreCondition(LIMITED, True, "ScaleDownLimit", text)
    text = "the desired replica count is less than the minimum replica count"
    return CoreCondition(LIMITED, True, "TooFewReplicas", text)


def _rescaled(replicas: int) -> CoreCondition:
    text = f"the HPA controller was able to update the target scale to {replicas}"
    return CoreCondition(ABLE, True, "SucceededRescale", text)
