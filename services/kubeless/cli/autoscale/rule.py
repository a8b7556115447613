"""
The autoscaling rule of a function: written as autoscaling/v2, read in whatever version it was written.

`cpu` is a percentage of the CPU that the function requests; `qps` is calls per second and pod. A metrics adapter (or
the local platform) serves those of the whole function as `function_calls` of its Service.
"""

from dataclasses import dataclass
from typing import Any

from kubeless.cli.failure import Fatal
from kubeless.cli.output import string_map
from kubeless.core.jsontypes import JsonObject
from kubeless.manage.quantity import is_quantity

METRICS = ("cpu", "qps")

QPS_METRIC = "function_calls"

HEADER = ("NAME", "NAMESPACE", "TARGET", "MIN", "MAX", "METRIC", "VALUE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """The flags."""

    min: int
    max: int
    metric: str
    value: str

    def check(self) -> None:
        """
        Refuse what no cluster could accept.

        Raises:
            Fatal: with the texts that scripts know.
        """
        if self.min < 1:
            raise Fatal("min can't be negative or zero")
        if self.max < self.min:
            raise Fatal("max must be greater than or equal to min")
        if self.metric not in METRICS:
            raise Fatal("only supported metrics: cpu, qps")
        if self.metric == "cpu" and not _is_percentage(self.value):
            raise Fatal(
                f"Invalid value {self.value!r} for --value; give whole percent of the requested CPU, such as 70"
            )
        if self.metric == "qps" and not _is_rate(self.value):
            raise Fatal(f"Invalid value {self.value!r} for --value; give calls per second, such as 10 or 500m")


def new_autoscaler(function: JsonObject, rule: Rule) -> JsonObject:
    """The `spec.horizontalPodAutoscaler` of a function that is scaled by `rule`."""
    metadata = function["metadata"]
    name = metadata["name"]
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {
            "name": name,
            "namespace": metadata["namespace"],
            "labels": string_map(metadata.get("labels")),
        },
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
            "minReplicas": rule.min,
            "maxReplicas": rule.max,
            "metrics": [_metric(name, rule)],
        },
    }


def has_rule(function: JsonObject) -> bool:
    """Whether a function is scaled; Go wrote an object of empty values where it is not."""
    autoscaler = (function.get("spec") or {}).get("horizontalPodAutoscaler") or {}
    return bool((autoscaler.get("metadata") or {}).get("name"))


def row(autoscaler: JsonObject) -> tuple[str, ...]:
    """One HorizontalPodAutoscaler, as the API server has it, in the columns of `HEADER`."""
    metadata, spec = autoscaler["metadata"], autoscaler.get("spec") or {}
    metric, value = _first_metric(spec.get("metrics") or [])
    texts = (
        metadata["name"],
        metadata.get("namespace"),
        (spec.get("scaleTargetRef") or {}).get("name"),
        spec.get("minReplicas"),
        spec.get("maxReplicas"),
        metric,
        value,
    )
    return tuple("" if text is None else str(text) for text in texts)


def _metric(name: str, rule: Rule) -> JsonObject:
    if rule.metric == "cpu":
        target: JsonObject = {"type": "Utilization", "averageUtilization": int(rule.value)}
        return {"type": "Resource", "resource": {"name": "cpu", "target": target}}
    return {
        "type": "Object",
        "object": {
            "describedObject": {"apiVersion": "v1", "kind": "Service", "name": name},
            "metric": {"name": QPS_METRIC},
            "target": {"type": "AverageValue", "averageValue": rule.value},
        },
    }


def _first_metric(metrics: list[JsonObject]) -> tuple[str, Any]:
    if not metrics:
        return "", ""
    kind = str(metrics[0].get("type") or "")
    source = metrics[0].get(kind[:1].lower() + kind[1:]) or {}
    target = source.get("target") or {}
    value = next((target[key] for key in ("averageUtilization", "value", "averageValue") if key in target), "")
    return str(source.get("name") or (source.get("metric") or {}).get("name") or ""), value


def _is_percentage(text: str) -> bool:
    return text.isascii() and text.isdecimal() and 0 < int(text) < 2**31


def _is_rate(text: str) -> bool:
    return is_quantity(text) and any(digit in text for digit in "123456789")
