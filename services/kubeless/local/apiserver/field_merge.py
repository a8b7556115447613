"""Merging an applied configuration into an object, and taking fields out again, along the list keys of its schema."""

from collections.abc import Iterable
from typing import Any

from kubeless.core.jsontypes import JsonObject
from kubeless.local.apiserver.field_sets import ListKeys, Path

_GONE: Any = object()


def merge(current: JsonObject, applied: JsonObject, keys: ListKeys) -> JsonObject:
    """The object with everything that was applied; what the configuration does not mention stays."""
    result = dict(current)
    for name, value in applied.items():
        result[name] = _merge_value(result.get(name), value, keys.of_field(name))
    return result


def remove(obj: JsonObject, paths: Iterable[Path], keys: ListKeys) -> JsonObject:
    """The object without some fields; a container below the top level that is empty then goes as well."""
    tree: JsonObject = {}
    for path in paths:
        node = tree
        for element in path:
            node = node.setdefault(element, {})
    if not tree:
        return obj
    result = {name: _removed(value, tree.get(f"f:{name}"), keys.of_field(name)) for name, value in obj.items()}
    return {name: value for name, value in result.items() if value is not _GONE}


def without_nulls(value: Any) -> Any:
    """A null in a configuration says that the field is not meant to be set: the same as leaving it out."""
    if isinstance(value, dict):
        return {name: without_nulls(inner) for name, inner in value.items() if inner is not None}
    return [without_nulls(inner) for inner in value] if isinstance(value, list) else value


def _merge_value(current: Any, applied: Any, keys: ListKeys) -> Any:
    if isinstance(current, dict) and isinstance(applied, dict) and not keys.atomic_object:
        return merge(current, applied, keys)
    if isinstance(current, list) and isinstance(applied, list) and keys.list_type in {"map", "set"}:
        return _merge_list(current, applied, keys)
    return applied


def _merge_list(current: list[Any], applied: list[Any], keys: ListKeys) -> list[Any]:
    """Applied items in their order; each other item stays behind the one it followed."""
    wanted = {keys.item_element(item): (rank, item) for rank, item in enumerate(applied)}
    rank = -1
    ranked: list[tuple[int, int, Any]] = []
    present: set[str] = set()
    for index, item in enumerate(current, start=1):
        element = keys.item_element(item)
        present.add(element)
        if element in wanted:
            rank, value = wanted[element]
            ranked.append((rank, 0, _merge_value(item, value, keys.items)))
        else:
            ranked.append((rank, index, item))
    ranked += [(position, 0, item) for element, (position, item) in wanted.items() if element not in present]
    return [item for _rank, _index, item in sorted(ranked, key=lambda entry: entry[:2])]


def _removed(value: Any, tree: JsonObject | None, keys: ListKeys) -> Any:
    """The value without what the tree names; `_GONE` if it is to go itself (a tree without branches)."""
    if tree is None:
        return value
    if not tree:
        return _GONE
    if isinstance(value, dict):
        fields = {name: _removed(inner, tree.get(f"f:{name}"), keys.of_field(name)) for name, inner in value.items()}
        rest: Any = {name: inner for name, inner in fields.items() if inner is not _GONE}
    elif isinstance(value, list):
        items = [_removed(item, tree.get(keys.item_element(item)), keys.items) for item in value]
        rest = [item for item in items if item is not _GONE]
    else:
        return value
    return rest if rest or not value else _GONE
