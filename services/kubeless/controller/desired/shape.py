"""
Walk through the free-form parts of a spec.

`deployment` and `service` of a function may hold anything a person typed, so nothing in them is taken for granted: a
null is absent, and a value of the wrong shape is told by its path instead of failing somewhere below.
"""

from typing import Any

from kubeless.core.errors import InvalidField
from kubeless.core.jsontypes import JsonObject

_DEPTH = 64


def copied(value: object, path: str, *, depth: int = 0) -> Any:
    """A deep copy without nulls, which the Go programs scatter about. Raises InvalidField for absurd nesting."""
    if depth > _DEPTH:
        raise InvalidField(path, "…", problem="is nested too deeply", remedy="simplify it")
    if isinstance(value, dict):
        return {key: copied(item, path, depth=depth + 1) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [copied(item, path, depth=depth + 1) for item in value if item is not None]
    return value


def member(parent: JsonObject, key: str, path: str) -> JsonObject:
    """The object `parent[key]`, made if absent, so that it can be filled. Raises InvalidField for another shape."""
    value = parent.setdefault(key, {})
    if not isinstance(value, dict):
        raise InvalidField(f"{path}.{key}", value, problem="is not an object", remedy="give an object")
    return value


def objects(parent: JsonObject, key: str, path: str) -> list[JsonObject]:
    """The list of objects `parent[key]`, made if absent. Raises InvalidField for another shape."""
    value = parent.setdefault(key, [])
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise InvalidField(f"{path}.{key}", value, problem="is not a list of objects", remedy="give such a list")
    return value


def texts(parent: JsonObject, key: str, path: str) -> dict[str, str]:
    """The map of text to text `parent[key]`, made if absent. Raises InvalidField for another shape."""
    value = member(parent, key, path)
    for name, text in value.items():
        if not isinstance(text, str):
            raise InvalidField(f"{path}.{key}.{name}", text, problem="is not text", remedy="put it in quotes")
    return value
