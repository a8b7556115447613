"""
OpenAPI v3 documents, one for each group and version, with what kubectl reads of them.

`kubectl apply` and `create` look for a PATCH operation of a kind and its query parameters, to learn that the server
validates fields itself; the merge keys in the schemas tell it how to compute a patch; `kubectl explain` prints
descriptions and types. https://kubernetes.io/docs/concepts/overview/kubernetes-api/#openapi-v3
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence

import orjson

from kubeless.core.jsontypes import JsonObject
from kubeless.local.apiserver.resources import ResourceType
from kubeless.local.apiserver.schema import kinds
from kubeless.local.apiserver.schema.builtin import list_marks
from kubeless.local.apiserver.schema.kinds import FieldType, TypeName

_REF = "#/components/schemas/"
_OBJECT_META = TypeName("meta.v1", "ObjectMeta")
_ANY: JsonObject = {"x-kubernetes-preserve-unknown-fields": True}
_SCALARS: dict[str, JsonObject] = {
    "string": {"type": "string"},
    "bool": {"type": "boolean"},
    "int32": {"type": "integer", "format": "int32"},
    "int64": {"type": "integer", "format": "int64"},
    "double": {"type": "number", "format": "double"},
    "bytes": {"type": "string", "format": "byte"},
    "time": {"type": "string", "format": "date-time"},
    "microtime": {"type": "string", "format": "date-time"},
    "quantity": {"$ref": f"{_REF}meta.v1.Quantity"},
    "intstr": {"$ref": f"{_REF}meta.v1.IntOrString"},
    "object": {"type": "object", **_ANY},
    "fields": {"type": "object", **_ANY},
    "any": _ANY,
    "raw": {"type": "object", **_ANY},
}
_NAMED_SCALARS: dict[str, JsonObject] = {
    "meta.v1.Quantity": {"type": "string", "description": "An amount such as 100m, 1.5 or 64Mi."},
    "meta.v1.IntOrString": {
        "oneOf": [{"type": "integer"}, {"type": "string"}],
        "format": "int-or-string",
        "description": "A number, or a text such as 25% or the name of a port.",
    },
}
_TEXT = {"type": "string"}
_TEXTS = {
    "apiVersion": {**_TEXT, "description": "Group and version of the API this object belongs to."},
    "kind": {**_TEXT, "description": "The kind of object."},
}
_PARAMETERS = {
    "dryRun": ("string", "All: do everything but store the result."),
    "fieldManager": ("string", "Who makes the change."),
    "fieldValidation": ("string", "Ignore, Warn or Strict: what happens to unknown fields."),
    "force": ("boolean", "Take fields of other managers; for apply patches alone."),
}


def openapi_index(types: Iterable[ResourceType]) -> JsonObject:
    """
    The answer to `/openapi/v3`: where the document of each group and version is.

    The URL carries a hash of the document, so clients fetch it again when it changes.
    """
    groups: dict[str, list[ResourceType]] = {}
    for resource in types:
        groups.setdefault(_group_path(resource), []).append(resource)
    return {
        "paths": {
            path: {"serverRelativeURL": f"/openapi/v3/{path}?hash={_digest(openapi_document(members))}"}
            for path, members in sorted(groups.items())
        }
    }


def openapi_document(types: Sequence[ResourceType]) -> JsonObject:
    """The document of one group and version; `types` are all its types."""
    components: dict[str, JsonObject] = dict(_NAMED_SCALARS)
    paths: JsonObject = {}
    for resource in types:
        name = _add_resource(resource, components)
        for path, item in _paths(resource, name):
            paths[path] = item
    return {
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": "unversioned"},
        "paths": paths,
        "components": {"schemas": components},
    }


def _group_path(resource: ResourceType) -> str:
    return f"apis/{resource.api_version}" if resource.group else f"api/{resource.version}"


def _digest(document: JsonObject) -> str:
    return hashlib.sha256(orjson.dumps(document, option=orjson.OPT_SORT_KEYS)).hexdigest().upper()


def _add_resource(resource: ResourceType, components: dict[str, JsonObject]) -> str:
    """Add the schema of a type and everything it refers to; the name of the component is returned."""
    name = f"{resource.group or 'core'}.{resource.version}.{resource.kind}"
    root = None if resource.custom else kinds.root(resource.group, resource.version, resource.kind)
    _add_type(_OBJECT_META, components)
    if root is not None:
        _add_type(root, components)
        schema = components[_name(root)]
    else:
        schema = resource.schema or {"type": "object", **_ANY}
    metadata = {"description": "Name, labels and bookkeeping of the object.", "allOf": [_ref(_OBJECT_META)]}
    components[name] = {
        **schema,
        "properties": {**_TEXTS, **schema.get("properties", {}), "metadata": metadata},
        "x-kubernetes-group-version-kind": [_gvk(resource)],
    }
    return name


def _add_type(name: TypeName, components: dict[str, JsonObject]) -> None:
    if name.scalar or _name(name) in components:
        return
    components[_name(name)] = {}  # types may refer to each other in a circle
    kind = kinds.load(name)
    fields = kinds.all_fields(kind)
    schema: JsonObject = {"type": "object", "properties": {field.name: _property(field) for field in fields.values()}}
    required = [field.name for field in fields.values() if field.required and field.name != "metadata"]
    if required:
        schema["required"] = required
    if kind.description:
        schema["description"] = kind.description
    if kind.atomic:
        schema["x-kubernetes-map-type"] = "atomic"
    components[_name(name)] = schema
    for field in fields.values():
        _add_type(field.type, components)


def _property(field: FieldType) -> JsonObject:
    value = _SCALARS[field.type.name] if field.type.scalar else _ref(field.type)
    if field.shape == "list":
        schema: JsonObject = {"type": "array", "items": _wrapped(value), **list_marks(field)}
    elif field.shape == "map":
        schema = {"type": "object", "additionalProperties": _wrapped(value)}
    else:
        schema = dict(_wrapped(value))
    if field.description:
        schema["description"] = field.description
    if field.shape != "list" and field.list_type == "atomic":
        schema["x-kubernetes-map-type"] = "atomic"
    if field.retain_keys and field.shape != "list":
        schema["x-kubernetes-patch-strategy"] = "retainKeys"
    return schema


def _wrapped(value: JsonObject) -> JsonObject:
    """A reference inside of `allOf`: beside a bare `$ref` everything else would be ignored."""
    return {"allOf": [value]} if "$ref" in value else value


def _name(name: TypeName) -> str:
    return f"{name.file}.{name.name}"


def _ref(name: TypeName) -> JsonObject:
    return {"$ref": _REF + _name(name)}


def _gvk(resource: ResourceType) -> JsonObject:
    return {"group": resource.group, "version": resource.version, "kind": resource.kind}


def _paths(resource: ResourceType, name: str) -> Iterator[tuple[str, JsonObject]]:
    root = f"/{_group_path(resource)}"
    if resource.namespaced:
        root += "/namespaces/{namespace}"
    collection = {verb: _operation(resource, name, verb) for verb in ("get", "post")}
    single = {verb: _operation(resource, name, verb) for verb in ("get", "put", "patch", "delete")}
    yield f"{root}/{resource.plural}", {**_only_served(collection, resource), "parameters": _path_parameters(resource)}
    if "get" in resource.verbs:
        yield f"{root}/{resource.plural}/{{name}}", {**single, "parameters": _path_parameters(resource, "name")}


def _only_served(operations: JsonObject, resource: ResourceType) -> JsonObject:
    return operations if "list" in resource.verbs else {"post": operations["post"]}


def _path_parameters(resource: ResourceType, *more: str) -> list[JsonObject]:
    names = [*(["namespace"] if resource.namespaced else []), *more]
    return [{"name": name, "in": "path", "required": True, "schema": _TEXT} for name in names]


def _operation(resource: ResourceType, name: str, verb: str) -> JsonObject:
    content = {"application/json": {"schema": {"$ref": _REF + name}}}
    operation: JsonObject = {
        "operationId": f"{verb}{resource.group.title().replace('.', '')}{resource.version.title()}{resource.kind}",
        "responses": {"200": {"description": "OK", "content": content}},
        "x-kubernetes-action": verb,
        "x-kubernetes-group-version-kind": _gvk(resource),
    }
    if verb in {"post", "put"}:
        operation["requestBody"] = {"content": {"*/*": content["application/json"]}, "required": True}
    elif verb == "patch":
        patch = {"schema": {"type": "object"}}
        operation["requestBody"] = {"content": dict.fromkeys(_patch_types(resource), patch), "required": True}
    if verb in {"post", "put", "patch"}:
        operation["parameters"] = [
            _parameter(parameter) for parameter in _PARAMETERS if verb == "patch" or parameter != "force"
        ]
    return operation


def _patch_types(resource: ResourceType) -> list[str]:
    types = ["application/apply-patch+yaml", "application/json-patch+json", "application/merge-patch+json"]
    return types if resource.custom else [*types, "application/strategic-merge-patch+json"]


def _parameter(name: str) -> JsonObject:
    kind, description = _PARAMETERS[name]
    return {"name": name, "in": "query", "description": description, "schema": {"type": kind, "uniqueItems": True}}
