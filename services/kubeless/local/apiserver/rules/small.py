"""Rules for kinds that have few: Lease, Event, HorizontalPodAutoscaler."""

from collections.abc import Iterator

from kubeless.core.jsontypes import JsonObject
from kubeless.local.apiserver.problems import FieldProblem, child, invalid, item, not_supported, required

_GROUPED_TARGETS = ("Deployment", "ReplicaSet", "StatefulSet")
_METRICS = ("ContainerResource", "External", "Object", "Pods", "Resource")


def lease_problems(obj: JsonObject, old: JsonObject | None) -> Iterator[FieldProblem]:  # noqa: ARG001  # one form
    spec = obj.get("spec", {})
    if spec.get("leaseDurationSeconds") is not None and spec["leaseDurationSeconds"] <= 0:
        yield invalid("spec.leaseDurationSeconds", spec["leaseDurationSeconds"], "must be greater than 0")
    if (spec.get("leaseTransitions") or 0) < 0:
        yield invalid("spec.leaseTransitions", spec["leaseTransitions"], "must be greater than or equal to 0")


def event_problems(obj: JsonObject, old: JsonObject | None) -> Iterator[FieldProblem]:  # noqa: ARG001  # one form
    subject = obj.get("involvedObject", {}).get("namespace") or "default"
    namespace = obj["metadata"].get("namespace")
    if namespace != subject:
        yield invalid("involvedObject.namespace", subject, "does not match event.namespace")


def autoscaler_problems(obj: JsonObject, old: JsonObject | None) -> Iterator[FieldProblem]:  # noqa: ARG001  # one form
    spec = obj.get("spec", {})
    least, most = spec.get("minReplicas", 1), spec.get("maxReplicas", 0)
    if least < 1:
        yield invalid("spec.minReplicas", least, "must be greater than or equal to 1")
    if most < 1:
        yield invalid("spec.maxReplicas", most, "must be greater than 0")
    elif most < least:
        yield invalid("spec.maxReplicas", most, "must be greater than or equal to `minReplicas`")
    target = spec.get("scaleTargetRef", {})
    for name in ("kind", "name"):
        if not target.get(name):
            yield required(f"spec.scaleTargetRef.{name}")
    if target.get("kind") in _GROUPED_TARGETS and not target.get("apiVersion"):
        yield invalid("spec.scaleTargetRef.apiVersion", "", "apiVersion must specify API group")
    for index, metric in enumerate(spec.get("metrics") or ()):
        if metric.get("type") not in _METRICS:
            yield not_supported(child(item("spec.metrics", index), "type"), metric.get("type"), _METRICS)
