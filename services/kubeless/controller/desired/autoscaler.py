"""
The HorizontalPodAutoscaler of a function.

Functions may still hold the form of autoscaling/v2beta1, which no cluster serves any more; it is turned into
autoscaling/v2.
"""

from typing import Any

from kubeless.api.function import Function
from kubeless.controller.desired.ownership import child_metadata
from kubeless.controller.desired.shape import copied, member, objects, texts
from kubeless.core.jsontypes import JsonObject

_PATH = "spec.horizontalPodAutoscaler"


def desired_autoscaler(function: Function) -> JsonObject | None:
    """
    The autoscaler, or None if the function asks for none (name and target are needed).

    Raises InvalidField for parts that cannot be used.
    """
    given: JsonObject = copied(function.spec.horizontal_pod_autoscaler, _PATH)
    own = member(given, "metadata", _PATH)
    name = own.get("name")
    spec = member(given, "spec", _PATH)
    target = member(spec, "scaleTargetRef", f"{_PATH}.spec")
    if not name or not target.get("name"):
        return None
    if target.get("kind", "Deployment") == "Deployment":
        # The CLI of old wrote apps/v1beta1.
        spec["scaleTargetRef"] = {"apiVersion": "apps/v1", "kind": "Deployment", "name": target["name"]}
    metrics = [_metric(metric) for metric in objects(spec, "metrics", f"{_PATH}.spec")]
    percentage = spec.pop("targetCPUUtilizationPercentage", None)
    if percentage is not None:
        metrics.append(_resource({"name": "cpu", "targetAverageUtilization": percentage}))
    spec["metrics"] = metrics
    if not metrics:
        del spec["metrics"]
    metadata = child_metadata(function, name=str(name))
    metadata["labels"] = {**texts(own, "labels", f"{_PATH}.metadata"), **metadata["labels"]}
    metadata["annotations"] = {**metadata["annotations"], **texts(own, "annotations", f"{_PATH}.metadata")}
    return {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": metadata, "spec": spec}


def watches_requests(autoscaler: JsonObject) -> bool:
    """Whether it scales by something that Prometheus has to collect from the function first, such as its calls."""
    metrics: list[JsonObject] = autoscaler["spec"].get("metrics") or []
    return any(metric.get("type") in ("Object", "Pods", "External") for metric in metrics)


def _metric(metric: JsonObject) -> JsonObject:
    kind = str(metric.get("type", ""))
    key = kind[:1].lower() + kind[1:]
    converter = _CONVERTERS.get(key)
    source = metric.get(key)
    if converter is None or not isinstance(source, dict) or _is_current(source):
        return metric
    return converter(source)


def _is_current(source: JsonObject) -> bool:
    return isinstance(source.get("target"), dict) and "type" in source["target"]


def _resource(source: JsonObject) -> JsonObject:
    return {"type": "Resource", "resource": {"name": source.get("name"), "target": _target(source)}}


def _pods(source: JsonObject) -> JsonObject:
    return {"type": "Pods", "pods": {"metric": _identifier(source), "target": _target(source)}}


def _object(source: JsonObject) -> JsonObject:
    described = {"describedObject": source.get("target", {}), "metric": _identifier(source)}
    return {"type": "Object", "object": {**described, "target": _target(source)}}


def _external(source: JsonObject) -> JsonObject:
    return {"type": "External", "external": {"metric": _identifier(source), "target": _target(source)}}


_CONVERTERS = {"resource": _resource, "pods": _pods, "object": _object, "external": _external}


def _identifier(source: JsonObject) -> JsonObject:
    selector = source.get("selector") or source.get("metricSelector")
    return {"name": source.get("metricName"), **({"selector": selector} if selector else {})}


def _target(source: JsonObject) -> JsonObject:
    if source.get("targetAverageUtilization") is not None:
        return {"type": "Utilization", "averageUtilization": source["targetAverageUtilization"]}
    average: Any = source.get("targetAverageValue") or source.get("averageValue")
    if average is not None:
        return {"type": "AverageValue", "averageValue": average}
    return {"type": "Value", "value": source.get("targetValue")}
