"""
Pydantic models as structural OpenAPI schemas.

A custom resource definition takes only a part of JSON schema (Kubernetes: "structural schemas"): no references, no
`title`, no type inside `anyOf`, draft-4 bounds, and extensions in place of "any value". Whatever a model says beyond
that is refused here with an error, at build time, and not by an API server later.

Defaults are left out on purpose: the API server would write them into every stored object, and a default could never
change.
"""

from typing import Any

from pydantic import BaseModel

from kubeless.core.errors import KubelessError
from kubeless.core.jsontypes import JsonObject

_KEPT = (
    "type", "format", "description", "enum", "pattern", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
    "minLength", "maxLength", "minItems", "maxItems", "maxProperties", "nullable", "required",
)  # fmt: skip


class NotStructural(KubelessError):
    """A model says something that a custom resource definition cannot express."""


def structural_schema(model: type[BaseModel]) -> JsonObject:
    """
    The schema of a model by its JSON names, in a stable order.

    Raises NotStructural for models with recursion or unions.
    """
    schema = model.model_json_schema(by_alias=True)
    return _convert(schema, schema.get("$defs", {}), ())


def _convert(schema: JsonObject, definitions: JsonObject, path: tuple[str, ...]) -> JsonObject:
    schema = _resolve(_without_null(schema, path), definitions, path)
    result = {key: schema[key] for key in _KEPT if key in schema}
    result.update((key, value) for key, value in sorted(schema.items()) if key.startswith("x-kubernetes-"))
    if "const" in schema:
        result["enum"] = [schema["const"]]
    _draft_4_bounds(result)
    if "items" in schema:
        result["items"] = _convert(schema["items"], definitions, (*path, "[]"))
    if "properties" in schema:
        result["properties"] = {
            name: _convert(member, definitions, (*path, name)) for name, member in schema["properties"].items()
        }
    elif isinstance(schema.get("additionalProperties"), dict):
        result["additionalProperties"] = _convert(schema["additionalProperties"], definitions, (*path, "*"))
    elif _takes_anything(schema):
        result["x-kubernetes-preserve-unknown-fields"] = True
        # What old programs wrote as null stays valid; the API server drops other nulls, but not from these.
        result["nullable"] = True
    return result


def _takes_anything(schema: JsonObject) -> bool:
    if schema.get("type") == "object":
        return True
    return "type" not in schema and "enum" not in schema and "x-kubernetes-int-or-string" not in schema


def _without_null(schema: JsonObject, path: tuple[str, ...]) -> JsonObject:
    """`X | None` is an optional X: an absent field and a null are the same to us, and the API server drops nulls."""
    choices = [choice for choice in schema.get("anyOf", ()) if choice.get("type") != "null"]
    if not choices:
        return schema
    if len(choices) > 1 or "oneOf" in schema:
        raise NotStructural(f"{'.'.join(path)}: a union cannot be a structural schema; give it one with WithJsonSchema")
    rest = {key: value for key, value in schema.items() if key != "anyOf"}
    return {**choices[0], **rest}


def _resolve(schema: JsonObject, definitions: JsonObject, path: tuple[str, ...]) -> JsonObject:
    reference = schema.get("$ref")
    if reference is None:
        return schema
    if len(path) > 32:
        raise NotStructural(f"{'.'.join(path)}: a model that contains itself cannot be a structural schema")
    target: dict[str, Any] = definitions[reference.removeprefix("#/$defs/")]
    return {**target, **{key: value for key, value in schema.items() if key != "$ref"}}


def _draft_4_bounds(schema: JsonObject) -> None:
    for exclusive, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if exclusive in schema:
            schema[bound] = schema[exclusive]
            schema[exclusive] = True
