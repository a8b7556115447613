"""
What an autoscaler looks at, and how it is told.

The five types of autoscaling/v2 differ in where a number comes from and in the words that people know from
`kubectl describe hpa`; here both are read off the spec.
https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/horizontal-pod-autoscaler-v2/
"""

import math
from dataclasses import dataclass
from fractions import Fraction

from kubeless.core.errors import InvalidField
from kubeless.core.jsontypes import JsonObject
from kubeless.local.node.quantity import parse_quantity

UTILIZATION, AVERAGE, VALUE = "Utilization", "AverageValue", "Value"

_KEYS = {
    "Resource": "resource",
    "ContainerResource": "containerResource",
    "Object": "object",
    "Pods": "pods",
    "External": "external",
}


@dataclass(frozen=True, slots=True)
class Target:
    """What a metric is to be."""

    kind: str
    """Utilization, AverageValue or Value."""
    amount: Fraction
    """Percent of what is requested, or an amount."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One entry of `spec.metrics`."""

    type: str
    name: str
    target: Target
    source: JsonObject
    """The member that is named after the type."""

    @property
    def is_resource(self) -> bool:
        """Whether it is measured on processes."""
        return self.type in ("Resource", "ContainerResource")

    @property
    def container(self) -> str | None:
        """The only container that counts; None for all."""
        return str(self.source.get("container", "")) if self.type == "ContainerResource" else None

    @property
    def failure(self) -> str:
        """The reason of the condition where it cannot be had."""
        return f"FailedGet{self.type}Metric"

    def __str__(self) -> str:
        """As the controller of Kubernetes calls it."""
        if self.is_resource:
            kind = "container resource" if self.type == "ContainerResource" else "resource"
            percentage = " utilization (percentage of request)" if self.target.kind == UTILIZATION else ""
            return f"{self.name} {kind}{percentage}"
        if self.type == "Object":
            return f"{(self.source.get('describedObject') or {}).get('kind')} metric {self.name}"
        return f"{'pods' if self.type == 'Pods' else 'external'} metric {self.name}"

    def status(self, current: JsonObject | None) -> JsonObject:
        """The entry of `status.currentMetrics`; `current` is None where it could not be had."""
        if current is None:
            return {"type": self.type}
        kept = ("name", "container") if self.is_resource else ("metric", "describedObject")
        described = {key: self.source[key] for key in kept if key in self.source}
        return {"type": self.type, _KEYS[self.type]: {**described, "current": current}}


def parse_metric(value: JsonObject) -> Metric:
    """
    Read an entry of `spec.metrics`.

    Raises:
        InvalidField: a type that is not known, or a target without an amount.
    """
    kind = str(value.get("type", ""))
    if kind not in _KEYS:
        raise InvalidField("spec.metrics[].type", kind, problem="is not known", remedy=f"use one of {', '.join(_KEYS)}")
    source: JsonObject = value.get(_KEYS[kind]) or {}
    name = source.get("name") if kind in ("Resource", "ContainerResource") else (source.get("metric") or {}).get("name")
    return Metric(kind, str(name or ""), _target(source.get("target") or {}), source)


def _target(value: JsonObject) -> Target:
    fields = ((UTILIZATION, "averageUtilization"), (AVERAGE, "averageValue"), (VALUE, "value"))
    for kind, field in fields:
        if value.get(field) is not None:
            amount = parse_quantity(str(value[field]))
            if amount > 0:
                return Target(kind, amount)
    raise InvalidField(
        "spec.metrics[].target", value, problem="has no amount above 0", remedy="give averageUtilization"
    )


def quantity(amount: Fraction) -> str:
    """An amount in the form of Kubernetes, to thousandths."""
    whole = math.ceil(amount * 1000)
    return str(whole // 1000) if whole % 1000 == 0 else f"{whole}m"
