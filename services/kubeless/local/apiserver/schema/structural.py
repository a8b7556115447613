"""
Structural schemas: dropping what a schema does not know, filling in defaults, and validation.

A structural schema (https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/)
names every field below its root. The functions here take an object and a schema, leave both as they are and return new
objects. Paths have the form that clients expect: `spec.list[0].name`. At the root of an object, and below
`x-kubernetes-embedded-resource`, `apiVersion`, `kind` and `metadata` are known whatever the schema says.
"""

from copy import deepcopy
from typing import Any

from kubeless.core.jsontypes import JsonObject
from kubeless.local.apiserver.problems import FieldProblem, child, item
from kubeless.local.apiserver.schema.builtin import PRESERVE, object_meta_schema
from kubeless.local.apiserver.schema.validation import check_value

_EMBEDDED = "x-kubernetes-embedded-resource"
_TEXT: JsonObject = {"type": "string"}


def prune(obj: JsonObject, schema: JsonObject) -> tuple[JsonObject, list[str]]:
    """The object without the fields that the schema does not know, and the paths of those."""
    unknown: list[str] = []
    return _pruned_object(obj, _as_resource(schema), "", unknown), unknown


def default(obj: JsonObject, schema: JsonObject) -> JsonObject:
    """
    The object with the defaults of the schema filled in, and without nulls that stand for nothing.

    A null where the schema allows none counts as missing (as in Kubernetes).
    """
    result: JsonObject = _defaulted(obj, schema)
    return result


def validate(obj: JsonObject, schema: JsonObject, old: JsonObject | None = None) -> list[FieldProblem]:
    """
    Everything that is wrong with an object. `old` is the object before an update: transition rules compare with it.

    `metadata` is left to `admission`, which knows its rules for every kind.
    """
    return check_value(obj, _with_plain_metadata(schema), "", old)


def has_rules(schema: JsonObject) -> bool:
    """Whether the schema has validation rules (CEL) anywhere."""
    below = [*schema.get("properties", {}).values(), schema.get("items"), schema.get("additionalProperties")]
    return "x-kubernetes-validations" in schema or any(has_rules(each) for each in below if isinstance(each, dict))


def _as_resource(schema: JsonObject) -> JsonObject:
    properties = {**schema.get("properties", {}), "apiVersion": _TEXT, "kind": _TEXT, "metadata": object_meta_schema()}
    return {**schema, "properties": properties}


def _with_plain_metadata(schema: JsonObject) -> JsonObject:
    """What a schema says of `metadata` (at most the form of its name) stays, but its fields are not its business."""
    properties = schema.get("properties")
    if not properties:
        return schema
    named = {key: value for key, value in properties.get("metadata", {}).items() if key == "properties"}
    return {**schema, "properties": {**properties, "metadata": {"type": "object", **named}}}


def _pruned(value: Any, schema: JsonObject, path: str, unknown: list[str]) -> Any:
    if isinstance(value, dict):
        return _pruned_object(value, _as_resource(schema) if schema.get(_EMBEDDED) else schema, path, unknown)
    if isinstance(value, list):
        items = schema.get("items")
        if not isinstance(items, dict):
            return value
        return [_pruned(element, items, item(path, index), unknown) for index, element in enumerate(value)]
    return value


def _pruned_object(value: JsonObject, schema: JsonObject, path: str, unknown: list[str]) -> JsonObject:
    properties = schema.get("properties", {})
    extra = schema.get("additionalProperties")
    keeps = schema.get(PRESERVE) is True or extra is True or not _says_fields(schema)
    result: JsonObject = {}
    for name, element in value.items():
        if name in properties:
            result[name] = _pruned(element, properties[name], child(path, name), unknown)
        elif isinstance(extra, dict):
            result[name] = _pruned(element, extra, child(path, name), unknown)
        elif keeps:
            result[name] = element
        else:
            unknown.append(child(path, name))
    return result


def _says_fields(schema: JsonObject) -> bool:
    """A schema for something else than an object knows no fields: that the type is wrong is for `validate` to say."""
    return bool(schema.get("type", "object") == "object")


def _defaulted(value: Any, schema: JsonObject) -> Any:
    if isinstance(value, dict):
        return _defaulted_object(value, schema)
    items = schema.get("items")
    if isinstance(value, list) and isinstance(items, dict):
        return [_defaulted(element, items) for element in value]
    return value


def _defaulted_object(value: JsonObject, schema: JsonObject) -> JsonObject:
    result = dict(value)
    properties: JsonObject = schema.get("properties", {})
    for name, inner in properties.items():
        has_value = name in result and (result[name] is not None or inner.get("nullable") is True)
        if not has_value and "default" in inner:
            result[name] = deepcopy(inner["default"])
        if name in result:
            result[name] = _defaulted(result[name], inner)
    extra = schema.get("additionalProperties")
    if isinstance(extra, dict):
        for name in result.keys() - properties.keys():
            result[name] = _defaulted(result[name], extra)
    return {name: item for name, item in result.items() if item is not None or _takes_null(name, schema)}


def _takes_null(name: str, schema: JsonObject) -> bool:
    inner = schema.get("properties", {}).get(name, schema.get("additionalProperties"))
    return not isinstance(inner, dict) or inner.get("nullable") is True
