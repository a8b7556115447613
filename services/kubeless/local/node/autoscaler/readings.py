"""
From the metrics that an autoscaler names to what they ask for.

Processor time and memory come from the processes of the pods, calls per second from the pods' own counters. Whatever
else a cluster's adapters may serve is refused by name.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from kubeless.api.metadata import parse_time
from kubeless.core.errors import KubelessError
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.informer import Informer
from kubeless.local.node.autoscaler.calls import METRIC_NAMES, CallRates
from kubeless.local.node.autoscaler.decision import Reading
from kubeless.local.node.autoscaler.metric import AVERAGE, Metric
from kubeless.local.node.autoscaler.proposal import NotMeasured, PodReading, Proposal, by_average, by_pods, by_value
from kubeless.local.node.endpoints import BY_NAMESPACE
from kubeless.local.node.podreadiness import is_ready
from kubeless.local.node.quantity import parse_quantity
from kubeless.local.node.usage import Usage, UsageMeter

CPU_INITIALIZATION = timedelta(minutes=5)
"""For so long after a pod's start its processor time counts only if all of it was measured while it was ready."""

INITIAL_READINESS = timedelta(seconds=30)
"""A pod that became unready within this time after its start has never been ready."""


@dataclass(frozen=True, slots=True)
class ScaleTarget:
    """What is scaled."""

    namespace: str
    replicas: int
    pods: Sequence[JsonObject]
    """Those that its selector means, but for pods that have failed or are being deleted."""


class Readings:
    """Reads the metrics of autoscalers."""

    def __init__(
        self, usage: UsageMeter, calls: CallRates, *, pods: Informer[JsonObject], services: Informer[JsonObject]
    ) -> None:
        """`pods` has the index `BY_NAMESPACE`."""
        self._usage = usage
        self._calls = calls
        self._pods = pods
        self._services = services

    async def of(self, metric: Metric, target: ScaleTarget, *, now: datetime) -> Reading:
        """The metric and what it asks for; never raises for a metric that cannot be had."""
        try:
            return Reading(metric, await self._propose(metric, target, now))
        except KubelessError as error:
            return Reading(metric, None, f"failed to get {metric}: {error}")

    async def _propose(self, metric: Metric, target: ScaleTarget, now: datetime) -> Proposal:
        if metric.is_resource:
            pods = [self._resource_reading(metric, pod, now) for pod in target.pods]
            return by_pods(target.replicas, pods, metric.target)
        if metric.name not in METRIC_NAMES:
            raise NotMeasured(f"local mode has no metric {metric.name!r}, only {METRIC_NAMES[0]}")
        if metric.type == "Pods":
            rates = await self._calls.of(target.pods)
            readings = [
                PodReading(pod["metadata"]["name"], is_ready(pod), rates.get(pod["metadata"]["uid"]))
                for pod in target.pods
            ]
            return by_pods(target.replicas, readings, metric.target)
        rates = await self._calls.of(self._described(metric, target))
        if not rates:
            raise NotMeasured("no ready pod has told its calls twice yet")
        total = sum(rates.values(), Fraction(0))
        if metric.target.kind == AVERAGE:
            return by_average(target.replicas, total, metric.target)
        return by_value(target.replicas, sum(is_ready(pod) for pod in target.pods), total, metric.target)

    def _resource_reading(self, metric: Metric, pod: JsonObject, now: datetime) -> PodReading:
        usages = self._usage.of_pod(pod["metadata"]["uid"])
        containers = [
            container for container in pod["spec"]["containers"] if metric.container in (None, container["name"])
        ]
        measured = [usages[container["name"]] for container in containers if container["name"] in usages]
        complete = bool(containers) and len(measured) == len(containers)
        ready = tells_of_load(pod, measured, now=now) if metric.name == "cpu" else _phase(pod) != "Pending"
        return PodReading(
            pod["metadata"]["name"],
            ready,
            _used(metric.name, measured) if complete else None,
            _requested(metric.name, containers),
        )

    def _described(self, metric: Metric, target: ScaleTarget) -> list[JsonObject]:
        """The pods whose calls are meant."""
        labels = self._labels(metric, target.namespace)
        if labels is None:
            return list(target.pods)
        return [
            pod
            for pod in self._pods.by_index(BY_NAMESPACE, target.namespace)
            if labels.items() <= (pod["metadata"].get("labels") or {}).items()
        ]

    def _labels(self, metric: Metric, namespace: str) -> dict[str, str] | None:
        if metric.type == "External":
            return (((metric.source.get("metric") or {}).get("selector") or {}).get("matchLabels")) or None
        described = metric.source.get("describedObject") or {}
        kind, name = described.get("kind"), str(described.get("name", ""))
        if kind == "Function":
            return {"function": name}
        if kind != "Service":
            raise NotMeasured(f"local mode counts calls of a Service or a Function, not of a {kind}")
        for service in self._services.by_index(BY_NAMESPACE, namespace):
            if service["metadata"]["name"] == name:
                return dict(service["spec"].get("selector") or {}) or None
        raise NotMeasured(f"service {name!r} not found")


def tells_of_load(pod: JsonObject, measured: Sequence[Usage], *, now: datetime) -> bool:
    """Whether the processor time of a pod is that of its work: the rule of `groupPods` in the replica calculator."""
    started = parse_time((pod.get("status") or {}).get("startTime"))
    condition = next(
        (each for each in pod["status"].get("conditions") or [] if each.get("type") == "Ready"),
        None,
    )
    if _phase(pod) == "Pending" or started is None or condition is None:
        return False
    changed = parse_time(condition.get("lastTransitionTime")) or started
    is_ready_now = condition.get("status") == "True"
    if now < started + CPU_INITIALIZATION:
        return is_ready_now and all(usage.at >= changed + timedelta(seconds=usage.window) for usage in measured)
    return is_ready_now or changed > started + INITIAL_READINESS


def _phase(pod: JsonObject) -> str:
    return str((pod.get("status") or {}).get("phase", "Pending"))


def _used(resource: str, measured: Sequence[Usage]) -> Fraction | None:
    if resource == "cpu":
        return Fraction(sum(usage.cpu for usage in measured)).limit_denominator(1000)
    return Fraction(sum(usage.memory for usage in measured)) if resource == "memory" else None


def _requested(resource: str, containers: Sequence[JsonObject]) -> Fraction | None:
    """None if any container requests nothing."""
    requests = [((container.get("resources") or {}).get("requests") or {}).get(resource) for container in containers]
    if not all(requests):
        return None
    return sum((parse_quantity(str(request)) for request in requests), Fraction(0))
