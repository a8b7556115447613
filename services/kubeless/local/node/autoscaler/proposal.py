"""
How many pods a metric asks for.

The rules are those of the controller of Kubernetes (`pkg/controller/podautoscaler/replica_calculator.go`): the number
of pods grows with the ratio of a metric to its target; a ratio within 10 % of 1 changes nothing; pods that are not
ready or not measured are counted so that they make any change smaller, and never turn its direction.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from kubeless.core.errors import KubelessError
from kubeless.core.jsontypes import JsonObject
from kubeless.local.node.autoscaler.metric import UTILIZATION, Target, quantity

TOLERANCE = Fraction(1, 10)


class NotMeasured(KubelessError):
    """A metric cannot be had."""


@dataclass(frozen=True, slots=True)
class PodReading:
    """One pod of the target."""

    name: str
    ready: bool
    """Whether what it uses tells of load: a pod that starts up uses much and serves nothing."""
    used: Fraction | None
    """None: not measured."""
    requested: Fraction | None = None
    """What its containers request, needed for a utilization."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What one metric asks for."""

    replicas: int
    current: JsonObject
    """The metric as MetricValueStatus."""


def by_pods(current: int, pods: Sequence[PodReading], target: Target) -> Proposal:
    """
    By what the pods use each, on average.

    Raises:
        NotMeasured: no ready pod was measured, or one requests nothing and a utilization is asked for.
    """
    measured = [pod for pod in pods if pod.ready and pod.used is not None]
    if not measured:
        raise NotMeasured("did not receive metrics for targeted pods (pods might be unready)")
    loads = [(pod.used or Fraction(0), _share(pod, target)) for pod in measured]
    ratio = _ratio(loads)
    value = _current_value(measured, target)
    missing = [_share(pod, target) for pod in pods if pod.ready and pod.used is None]
    starting = [_share(pod, target) for pod in pods if not pod.ready] if ratio > 1 else []
    if not missing and not starting:
        return Proposal(current if _is_near(ratio) else math.ceil(ratio * len(measured)), value)
    # Of those that are not measured the least favourable is assumed: that they idle, or do their full share.
    loads += [(Fraction(0) if ratio > 1 else _full(share, target), share) for share in missing]
    loads += [(Fraction(0), share) for share in starting]
    return Proposal(_cautiously(current, ratio, _ratio(loads), len(loads)), value)


def by_value(current: int, ready: int, value: Fraction, target: Target) -> Proposal:
    """By one number that stands for all pods, of which it is to become `target.amount`."""
    ratio = value / target.amount
    replicas = current if _is_near(ratio) else math.ceil(ratio * ready)
    return Proposal(replicas, {"value": quantity(value)})


def by_average(current: int, value: Fraction, target: Target) -> Proposal:
    """By one number of which each pod is to have a part of `target.amount`."""
    ratio = value / (target.amount * current)
    replicas = current if _is_near(ratio) else math.ceil(value / target.amount)
    return Proposal(replicas, {"averageValue": quantity(value / current)})


def _share(pod: PodReading, target: Target) -> Fraction:
    """What the pod would use if the target was met."""
    if target.kind != UTILIZATION:
        return target.amount
    if not pod.requested:
        raise NotMeasured(f"missing request in Pod {pod.name}; deploy the function with --cpu or --memory")
    return pod.requested * target.amount / 100


def _full(share: Fraction, target: Target) -> Fraction:
    """What a pod is taken to use that was not measured: its share, or all it requests if that is more."""
    return share * max(Fraction(1), 100 / target.amount) if target.kind == UTILIZATION else share


def _ratio(loads: Sequence[tuple[Fraction, Fraction]]) -> Fraction:
    return sum((used for used, _ in loads), Fraction(0)) / sum(share for _, share in loads)


def _is_near(ratio: Fraction) -> bool:
    return abs(ratio - 1) <= TOLERANCE


def _cautiously(current: int, seen: Fraction, assumed: Fraction, pods: int) -> int:
    """`seen` is the ratio of the measured pods, `assumed` that of all with what is assumed of the others."""
    if _is_near(assumed) or (seen < 1) != (assumed < 1):
        return current
    replicas = math.ceil(assumed * pods)
    return current if (replicas > current) != (assumed > 1) else replicas


def _current_value(pods: Sequence[PodReading], target: Target) -> JsonObject:
    used = sum((pod.used or Fraction(0) for pod in pods), Fraction(0))
    value: JsonObject = {"averageValue": quantity(used / len(pods))}
    if target.kind == UTILIZATION:
        requested = sum((pod.requested or Fraction(0) for pod in pods), Fraction(0))
        value["averageUtilization"] = int(used * 100 / requested)
    return value
