"""
Whether a live object has to be written, and with what content.

The API server fills in defaults and other controllers write their own fields, so live objects never equal what we
want. What counts is told by two things: a digest of what we wanted, kept as an annotation, catches every change on
our side (removals too); comparing only the fields that we want catches changes made by others. Both are pure.
"""

import re
from decimal import Decimal
from typing import Any

from kubeless.controller.desired.deployment import digest
from kubeless.controller.desired.ingress import GO_ANNOTATIONS
from kubeless.core.jsontypes import JsonObject

APPLIED = "kubeless.io/applied"
"""Annotation: a digest of the object as we wanted it, then the names of the annotations that are ours."""

# What the API server or its controllers allocate in a Service, and would refuse to see taken away.
_ALLOCATED = ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "healthCheckNodePort", "loadBalancerClass")


def marked(desired: JsonObject) -> JsonObject:
    """The object to create: as desired, with the annotation that remembers it."""
    metadata = desired["metadata"]
    annotations: dict[str, str] = metadata.get("annotations") or {}
    mark = " ".join([digest(desired), *sorted(annotations)])
    return {**desired, "metadata": {**metadata, "annotations": {**annotations, APPLIED: mark}}}


def differs(desired: JsonObject, live: JsonObject) -> bool:
    """Whether `live` has to be written to be as `desired`."""
    wanted = marked(desired)
    if _annotations(live).get(APPLIED) != wanted["metadata"]["annotations"][APPLIED]:
        return True
    return not covers(live, wanted)


def updated(desired: JsonObject, live: JsonObject) -> JsonObject:
    """The object to write: `live` with all that is ours replaced, and what belongs to others kept."""
    wanted = marked(desired)
    result = {**live, **wanted}
    result.pop("status", None)
    result["metadata"] = {
        **live["metadata"],
        **wanted["metadata"],
        "annotations": {**_foreign_annotations(live), **wanted["metadata"]["annotations"]},
    }
    if desired["kind"] == "Deployment":
        result["spec"] = _deployment_spec(wanted["spec"], live["spec"])
    elif desired["kind"] == "Service":
        result["spec"] = {**{key: live["spec"][key] for key in _ALLOCATED if key in live["spec"]}, **wanted["spec"]}
    return result


def must_be_remade(desired: JsonObject, live: JsonObject) -> bool:
    """Whether the server would refuse to make `live` so: a Service neither becomes headless in place nor ceases to."""
    return desired["kind"] == "Service" and _is_headless(desired) != _is_headless(live)


def _is_headless(service: JsonObject) -> bool:
    return bool(service["spec"].get("clusterIP") == "None")


def covers(live: Any, wanted: Any) -> bool:
    """
    Whether `live` says all that `wanted` says.

    Fields that only `live` has are defaults or belong to others. An empty value is the same as none, and quantities
    are compared by value, because the API server drops and rewrites them.
    """
    if isinstance(wanted, dict) and isinstance(live, dict):
        return all(covers(live.get(key), value) for key, value in wanted.items())
    if isinstance(wanted, list) and isinstance(live, list):
        return len(live) == len(wanted) and all(covers(*pair) for pair in zip(live, wanted, strict=True))
    if live is None:
        return not wanted or (isinstance(wanted, dict) and covers({}, wanted))
    return bool(live == wanted) or _same_scalar(live, wanted)


def _same_scalar(live: Any, wanted: Any) -> bool:
    number = _quantity(live)
    return number is not None and number == _quantity(wanted)


_QUANTITY = re.compile(
    r"([+-]?[0-9]{1,30}(?:\.[0-9]{0,30})?)(?:(Ki|Mi|Gi|Ti|Pi|Ei|m|k|M|G|T|P|E)|[eE]([+-]?[0-9]{1,2}))?"
)
_FACTORS = {
    "m": Decimal("0.001"), "k": Decimal(10) ** 3, "M": Decimal(10) ** 6, "G": Decimal(10) ** 9, "T": Decimal(10) ** 12,
    "P": Decimal(10) ** 15, "E": Decimal(10) ** 18, "Ki": Decimal(2) ** 10, "Mi": Decimal(2) ** 20,
    "Gi": Decimal(2) ** 30, "Ti": Decimal(2) ** 40, "Pi": Decimal(2) ** 50, "Ei": Decimal(2) ** 60,
}  # fmt: skip


def _quantity(value: Any) -> Decimal | None:
    """A Kubernetes quantity (`500m`, `1Gi`, 2) as a number."""
    found = _QUANTITY.fullmatch(str(value)) if isinstance(value, str | int | float) else None
    if not found:
        return None
    number, suffix, exponent = found.groups()
    return Decimal(number) * _FACTORS.get(suffix, Decimal(1)) * Decimal(10) ** int(exponent or 0)


def _deployment_spec(wanted: JsonObject, live: JsonObject) -> JsonObject:
    # A selector cannot be changed. The number of pods is ours only when the function says one.
    spec = {**wanted, "selector": live["selector"]}
    if "replicas" not in wanted and "replicas" in live:
        spec["replicas"] = live["replicas"]
    template = wanted["template"]
    annotations = template["metadata"]["annotations"]
    # `kubectl rollout restart` writes here; without it the pods would be rolled back to before the restart.
    kubectl = {
        key: value for key, value in _annotations(live["template"]).items() if key.startswith("kubectl.kubernetes.io/")
    }
    spec["template"] = {**template, "metadata": {**template["metadata"], "annotations": {**kubectl, **annotations}}}
    return spec


def _annotations(obj: JsonObject) -> dict[str, str]:
    annotations: dict[str, str] = obj.get("metadata", {}).get("annotations") or {}
    return annotations


def _foreign_annotations(live: JsonObject) -> dict[str, str]:
    annotations = _annotations(live)
    mark = annotations.get(APPLIED)
    # An object without our mark is the Go controller's, which wrote on Ingresses what is in their spec today.
    ours = {*mark.split(" ")[1:], APPLIED} if mark is not None else GO_ANNOTATIONS
    return {key: value for key, value in annotations.items() if key not in ours}
