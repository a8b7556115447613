"""
Structural schemas of the built-in kinds, made from the field tables in `kinds`.

They let one machinery serve both worlds: pruning, strict field validation, list keys of patches and server-side apply
work alike for a Pod and for a custom resource. Schemas are shared between callers and with each other: treat them as
immutable.
"""

from functools import cache

from kubeless.core.jsontypes import JsonObject
from kubeless.local.apiserver.schema import kinds
from kubeless.local.apiserver.schema.kinds import FieldType, TypeName

PRESERVE = "x-kubernetes-preserve-unknown-fields"

# A null stands for "not set" wherever a real server decodes JSON into its types, hence `nullable` everywhere.
_SCALARS: dict[str, JsonObject] = {
    "string": {"type": "string", "nullable": True},
    "bool": {"type": "boolean", "nullable": True},
    "int32": {"type": "integer", "format": "int32", "nullable": True},
    "int64": {"type": "integer", "format": "int64", "nullable": True},
    "double": {"type": "number", "format": "double", "nullable": True},
    "bytes": {"type": "string", "format": "byte", "nullable": True},
    "quantity": {"anyOf": [{"type": "string"}, {"type": "number"}], "format": "quantity", "nullable": True},
    "intstr": {"x-kubernetes-int-or-string": True, "nullable": True},
    "time": {"type": "string", "format": "date-time", "nullable": True},
    "microtime": {"type": "string", "format": "date-time", "nullable": True},
    "object": {"type": "object", PRESERVE: True, "nullable": True},
    "fields": {"type": "object", PRESERVE: True, "nullable": True},
    "any": {PRESERVE: True, "nullable": True},
    "raw": {PRESERVE: True, "nullable": True},
}


def schema_for(group: str, version: str, kind: str) -> JsonObject | None:
    """The schema of a built-in kind; None if there is none, as for every custom resource."""
    name = kinds.root(group, version, kind)
    return None if name is None else _root_schema(name)


def object_meta_schema() -> JsonObject:
    """The schema of `metadata`, the same for every object."""
    return type_schema(TypeName("meta.v1", "ObjectMeta"))


@cache
def _root_schema(name: TypeName) -> JsonObject:
    schema = type_schema(name)
    text = {"type": "string"}
    return {**schema, "properties": {"apiVersion": text, "kind": text, **schema["properties"]}}


@cache
def type_schema(name: TypeName) -> JsonObject:
    """The schema of any type of the field tables."""
    if name.scalar:
        return _SCALARS[name.name]
    kind = kinds.load(name)
    fields = kinds.all_fields(kind)
    schema: JsonObject = {
        "type": "object",
        "nullable": True,
        "properties": {field.name: _field_schema(field) for field in fields.values()},
    }
    if kind.description:
        schema["description"] = kind.description
    if kind.atomic:
        schema["x-kubernetes-map-type"] = "atomic"
    return schema


def _field_schema(field: FieldType) -> JsonObject:
    value = type_schema(field.type)
    if field.shape == "list":
        schema: JsonObject = {"type": "array", "nullable": True, "items": value, **list_marks(field)}
    elif field.shape == "map":
        schema = {"type": "object", "nullable": True, "additionalProperties": value}
    else:
        schema = dict(value)
    if field.description:
        schema["description"] = field.description
    if field.name == "protocol":
        schema["default"] = "TCP"  # part of the key of ports: server-side apply must know it when it is left out
    if field.shape != "list" and field.list_type == "atomic":
        schema["x-kubernetes-map-type"] = "atomic"
    if field.retain_keys:
        schema["x-kubernetes-patch-strategy"] = "merge,retainKeys" if field.merge else "retainKeys"
    return schema


def list_marks(field: FieldType) -> JsonObject:
    """How a list is merged, as the extensions of OpenAPI say it."""
    marks: JsonObject = {}
    if field.list_type:
        marks["x-kubernetes-list-type"] = field.list_type
    if field.list_keys:
        marks["x-kubernetes-list-map-keys"] = list(field.list_keys)
    if field.merge:
        marks["x-kubernetes-patch-strategy"] = "merge,retainKeys" if field.retain_keys else "merge"
    if field.merge_key:
        marks["x-kubernetes-patch-merge-key"] = field.merge_key
    return marks
