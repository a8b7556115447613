"""
The `scale` sub-resource: any scalable object seen as a number of replicas.

https://kubernetes.io/docs/reference/generated/kubernetes-api/v1.32/#scale-v1-autoscaling
"""

import re
from typing import Any

from kubeless.core.jsontypes import JsonObject
from kubeless.local.apiserver.problems import invalid as invalid_field
from kubeless.local.apiserver.resources import ResourceType, ScalePaths
from kubeless.local.apiserver.status import bad_request, internal, invalid

SCALE_VERSION = "autoscaling/v1"
_LARGEST = 2**31 - 1


def scale_of(obj: JsonObject, resource: ResourceType) -> JsonObject:
    """The Scale of an object. Raises ApiError 500 if a custom object has no replicas where its definition says."""
    paths = _paths(resource)
    metadata = obj["metadata"]
    kept = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    status: JsonObject = {"replicas": _number(_lookup(obj, paths.status_replicas))}
    selector = _selector(obj, paths)
    if selector:
        status["selector"] = selector
    return {
        "kind": "Scale",
        "apiVersion": SCALE_VERSION,
        "metadata": {name: metadata[name] for name in kept if name in metadata},
        "spec": {"replicas": _number(_lookup(obj, paths.spec_replicas))},
        "status": status,
    }


def rescaled(obj: JsonObject, scale: JsonObject, resource: ResourceType) -> JsonObject:
    """
    The object with the replicas (and, as its precondition, the resourceVersion) of a Scale.

    Raises:
        ApiError: 400 or 422, the Scale is not valid.
    """
    if scale.get("kind", "Scale") != "Scale" or scale.get("apiVersion", SCALE_VERSION) != SCALE_VERSION:
        raise bad_request(f"the body must be a Scale of {SCALE_VERSION}")
    spec, metadata = scale.get("spec") or {}, scale.get("metadata") or {}
    replicas = spec.get("replicas", 0) if isinstance(spec, dict) and isinstance(metadata, dict) else None
    if not isinstance(replicas, int) or isinstance(replicas, bool) or not 0 <= replicas <= _LARGEST:
        problem = invalid_field("spec.replicas", replicas, "must be greater than or equal to 0")
        raise invalid(resource, obj["metadata"]["name"], [problem])
    identity = {name: metadata[name] for name in ("uid", "resourceVersion") if metadata.get(name)}
    changed = _assigned(obj, _steps(_paths(resource).spec_replicas), replicas)
    return {**changed, "metadata": {**obj["metadata"], **identity}}


def selector_text(selector: JsonObject) -> str:
    """A LabelSelector in its string form: `app=web,tier in (a,b),!legacy`."""
    terms = [f"{key}={value}" for key, value in sorted((selector.get("matchLabels") or {}).items())]
    for expression in selector.get("matchExpressions") or ():
        key, operator, values = expression.get("key"), expression.get("operator"), expression.get("values") or ()
        listed = f"({','.join(sorted(values))})"
        terms.append(
            {"In": f"{key} in {listed}", "NotIn": f"{key} notin {listed}", "Exists": f"{key}"}.get(operator, f"!{key}")
        )
    return ",".join(terms)


def _paths(resource: ResourceType) -> ScalePaths:
    if resource.scale is None:
        raise internal(f"{resource.qualified} has no scale")
    return resource.scale


def _selector(obj: JsonObject, paths: ScalePaths) -> str:
    if paths.label_selector:
        found = _lookup(obj, paths.label_selector)
        return found if isinstance(found, str) else ""
    selector = _lookup(obj, ".spec.selector")
    return selector_text(selector) if isinstance(selector, dict) else ""


def _number(value: Any) -> int:
    return value if isinstance(value, int) else 0


def _steps(path: str) -> list[str]:
    return [step for step in re.split(r"\.", path) if step]


def _lookup(obj: JsonObject, path: str) -> Any:
    value: Any = obj
    for step in _steps(path):
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _assigned(obj: Any, steps: list[str], value: Any) -> JsonObject:
    """A copy of the object in which the path has a value; only what lies on the path is copied."""
    base = obj if isinstance(obj, dict) else {}
    first, *others = steps
    return {**base, first: _assigned(base.get(first), others, value) if others else value}
