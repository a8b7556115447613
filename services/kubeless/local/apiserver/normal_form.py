"""
One form for values that JSON can write in several ways.

A real API server decodes built-in objects into typed structures and so forgets nulls, empty strings in place of missing
ones, and whether an amount was written as `1` or `"1"`. We keep JSON, so the equivalent spellings are made equal here:
otherwise an update that changes nothing would count as a change.
"""

from typing import Any

from kubeless.core.jsontypes import JsonObject
from kubeless.local.apiserver.schema.builtin import PRESERVE


def normal_form(value: JsonObject, schema: JsonObject) -> JsonObject:
    """The object without nulls where the schema knows the fields and with amounts as text; the rest stays as it is."""
    result: JsonObject = _normal(value, schema)
    return result


def _normal(value: Any, schema: JsonObject) -> Any:
    if isinstance(value, dict):
        return _normal_object(value, schema)
    items = schema.get("items")
    if isinstance(value, list) and isinstance(items, dict):
        return [_nothing(items) if element is None else _normal(element, items) for element in value]
    if schema.get("format") == "quantity" and isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return value


def _nothing(schema: JsonObject) -> Any:
    """What a null in a list becomes in a typed structure: the value that nobody has set."""
    return {"object": {}, "string": "", "integer": 0, "boolean": False}.get(str(schema.get("type")))


def _normal_object(value: JsonObject, schema: JsonObject) -> JsonObject:
    properties = schema.get("properties", {})
    extra = schema.get("additionalProperties")
    result: JsonObject = {}
    for name, element in value.items():
        inner = properties.get(name) or (extra if isinstance(extra, dict) else None)
        if inner is None:
            result[name] = element
        elif element is not None:
            result[name] = _normal(element, inner)
        elif name not in properties and inner.get("type") == "string":
            result[name] = ""  # a null in a map of strings is an empty one
        elif inner.get(PRESERVE) and "type" not in inner:
            result[name] = None  # any JSON value: here a null means something
    return result
