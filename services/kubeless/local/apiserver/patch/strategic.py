"""
Strategic merge patch: a merge patch that knows which lists of the built-in kinds are really maps.

Lists with a merge key are merged item by item, lists of plain values with a merge strategy are united, all others are
replaced. Directives in the patch say more: `$patch: delete | replace | merge` in an object or item,
`$deleteFromPrimitiveList/<field>`, `$setElementOrder/<field>` and `$retainKeys`.
https://github.com/kubernetes/community/blob/master/contributors/devel/sig-api-machinery/strategic-merge-patch.md
"""

from typing import Any

from kubeless.core.errors import shorten
from kubeless.core.jsontypes import JsonObject
from kubeless.local.apiserver.patch.error import PatchError
from kubeless.local.apiserver.problems import child
from kubeless.local.apiserver.schema import kinds
from kubeless.local.apiserver.schema.builtin import type_schema

_DIRECTIVE = "$patch"
_RETAIN = "$retainKeys"
_ORDER = "$setElementOrder/"
_REMOVE = "$deleteFromPrimitiveList/"


def strategic_merge_patch(current: JsonObject, patch: object, group: str, kind: str, version: str = "v1") -> JsonObject:
    """
    The object with the patch merged in; both arguments stay as they are.

    Raises:
        PatchError: the patch is no object, the kind is not built in (custom resources answer 415 to such patches), or
            an item of a list lacks its merge key.
    """
    if not isinstance(patch, dict):
        raise PatchError(f"a strategic merge patch must be an object, got {type(patch).__name__}")
    name = kinds.root(group, version, kind)
    if name is None:
        raise PatchError(f"{kind} is not built in, so it has no strategic merge patch; use a merge patch")
    return _merge_object(current, patch, type_schema(name), "")


def _merge_object(current: JsonObject, patch: JsonObject, schema: JsonObject, path: str) -> JsonObject:
    directive = patch.get(_DIRECTIVE)
    if directive == "replace":
        replacement: JsonObject = _clean(patch)
        return replacement
    if directive == "delete":
        return {}
    if directive not in {None, "merge"}:
        raise PatchError(f"{path or 'the object'}: unknown $patch directive {shorten(directive)}")
    result = _retained(current, patch, path)
    for name, value in patch.items():
        if not name.startswith("$"):
            _merge_field(result, name, value, schema, path)
    for name in patch:
        if name.startswith(_REMOVE):
            _remove_values(result, name.removeprefix(_REMOVE), patch[name], path)
    for name in patch:
        if name.startswith(_ORDER):
            field = name.removeprefix(_ORDER)
            _order_list(result, field, patch, _field_schema(schema, field), child(path, field))
    return result


def _merge_field(result: JsonObject, name: str, value: Any, schema: JsonObject, path: str) -> None:
    here, inner = child(path, name), _field_schema(schema, name)
    before = result.get(name)
    if value is None:
        result.pop(name, None)
    elif isinstance(value, dict):
        if value.get(_DIRECTIVE) == "delete":
            result.pop(name, None)
        else:
            result[name] = _merge_object(before if isinstance(before, dict) else {}, value, inner, here)
    elif isinstance(value, list) and "merge" in inner.get("x-kubernetes-patch-strategy", ""):
        result[name] = _merge_list(before if isinstance(before, list) else [], value, inner, here)
    else:
        result[name] = _clean(value)


def _field_schema(schema: JsonObject, name: str) -> JsonObject:
    """The schema of a field; fields of maps and unknown ones have none to speak of."""
    extra = schema.get("additionalProperties")
    found = schema.get("properties", {}).get(name) or (extra if isinstance(extra, dict) else {})
    return dict(found)


def _retained(current: JsonObject, patch: JsonObject, path: str) -> JsonObject:
    keep = patch.get(_RETAIN)
    if keep is None:
        return dict(current)
    if not isinstance(keep, list):
        raise PatchError(f"{path}: $retainKeys must be a list of field names")
    strays = [name for name in patch if not name.startswith("$") and patch[name] is not None and name not in keep]
    if strays:
        raise PatchError(f"{path}: $retainKeys must list every field of the patch, it lacks {strays[0]}")
    return {name: value for name, value in current.items() if name in keep}


def _merge_list(current: list[Any], patch: list[Any], schema: JsonObject, path: str) -> list[Any]:
    key = schema.get("x-kubernetes-patch-merge-key")
    if key is None:
        return [*current, *(value for value in _unique(patch) if value not in current)]
    if any(_is_replace(element) for element in patch):
        return [_clean(element) for element in patch if not _is_replace(element)]
    result = list(current)
    for element in patch:
        _merge_element(result, _checked(element, key, path), key, schema.get("items", {}), path)
    return result


def _is_replace(element: Any) -> bool:
    return isinstance(element, dict) and element.get(_DIRECTIVE) == "replace"


def _merge_element(result: list[Any], element: JsonObject, key: str, schema: JsonObject, path: str) -> None:
    found = [index for index, other in enumerate(result) if isinstance(other, dict) and other.get(key) == element[key]]
    if element.get(_DIRECTIVE) == "delete":
        for index in reversed(found):
            del result[index]
    elif found:
        result[found[0]] = _merge_object(result[found[0]], element, schema, f"{path}[{element[key]}]")
    else:
        result.append(_merge_object({}, element, schema, f"{path}[{element[key]}]"))


def _checked(element: Any, key: str, path: str) -> JsonObject:
    if not isinstance(element, dict):
        raise PatchError(f"{path}: items must be objects, got {shorten(element)}")
    if key not in element:
        raise PatchError(f"map: {shorten(element)} does not contain declared merge key: {key} (in {path})")
    return element


def _remove_values(result: JsonObject, field: str, values: Any, path: str) -> None:
    if not isinstance(values, list):
        raise PatchError(f"{child(path, _REMOVE + field)} must be a list")
    if isinstance(result.get(field), list):
        result[field] = [value for value in result[field] if value not in values]


def _order_list(result: JsonObject, field: str, patch: JsonObject, schema: JsonObject, path: str) -> None:
    """
    Bring a merged list into the wanted order.

    Items that the order does not name were added by others: each stays behind the item it followed on the server.
    """
    order = patch[_ORDER + field]
    if not isinstance(order, list):
        raise PatchError(f"{path}: $setElementOrder must be a list")
    values = result.get(field)
    if not isinstance(values, list):
        return
    key = schema.get("x-kubernetes-patch-merge-key")
    wanted = {_identity(element, key): rank for rank, element in enumerate(order)}
    rank = -1.0
    ranked: list[tuple[float, int, Any]] = []
    for index, value in enumerate(values):
        rank = wanted.get(_identity(value, key), rank)
        ranked.append((rank, index, value))
    result[field] = [value for _rank, _index, value in sorted(ranked, key=lambda entry: entry[:2])]


def _identity(value: Any, key: str | None) -> str:
    return repr(value.get(key)) if key is not None and isinstance(value, dict) else repr(value)


def _unique(values: list[Any]) -> list[Any]:
    result: list[Any] = []
    for value in values:
        if value not in result:
            result.append(value)
    return result


def _clean(value: Any) -> Any:
    """A new value as it is stored: without directives, and without fields the patch wants removed."""
    if isinstance(value, list):
        return [
            _clean(element)
            for element in value
            if not (isinstance(element, dict) and element.get(_DIRECTIVE) == "delete")
        ]
    if isinstance(value, dict):
        return {name: _clean(inner) for name, inner in value.items() if not name.startswith("$") and inner is not None}
    return value
