"""
What all functions have in common: the `deployment` of the configuration, below the function's own.

What the function says wins. Maps are united; containers are paired by position, and their lists (environment, ports,
mounts) are joined; any other list comes from the configuration only when the function has none.
"""

from typing import Any

from kubeless.core.jsontypes import JsonObject

_JOINED = {"env", "envFrom", "ports", "volumeMounts"}


def overlay(own: JsonObject, common: JsonObject) -> JsonObject:
    """`own` with what it leaves open filled in from `common`; neither is changed."""
    return {key: _either(key, own.get(key), common.get(key)) for key in {**common, **own}}


def _either(key: str, own: Any, common: Any) -> Any:
    if own is None or own in ("", []):
        return common if common is not None else own
    if isinstance(own, dict) and isinstance(common, dict):
        return overlay(own, common)
    if key == "containers" and _are_objects(own) and _are_objects(common):
        return _containers(own, common)
    return own


def _containers(own: list[JsonObject], common: list[JsonObject]) -> list[JsonObject]:
    pairs = [_container(mine, theirs) for mine, theirs in zip(own, common, strict=False)]
    return [*pairs, *own[len(common) :], *common[len(own) :]]


def _container(own: JsonObject, common: JsonObject) -> JsonObject:
    merged = overlay(own, common)
    for key in _JOINED & own.keys() & common.keys():
        if _are_objects(own[key]) and _are_objects(common[key]):
            # Of two variables with one name a container gets the last, so the function's come last.
            taken = [item["name"] for item in own[key] if item.get("name")]
            merged[key] = [item for item in common[key] if item.get("name") not in taken] + own[key]
    return merged


def _are_objects(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)
