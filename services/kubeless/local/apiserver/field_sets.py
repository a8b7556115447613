"""
Sets of fields: which parts of an object somebody owns.

A field is a path of elements as FieldsV1 writes them: `f:spec`, `k:{"name":"web"}` for an item of a map list,
`v:"a"` for an item of a set. A set is a frozenset of such paths; leaves are members, and so are items of lists and
whatever is merged as one piece. https://kubernetes.io/docs/reference/using-api/server-side-apply/#structured-merge-diff
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from kubeless.core.jsontypes import JsonObject
from kubeless.local.apiserver.schema.builtin import object_meta_schema

Path = tuple[str, ...]
FieldSet = frozenset[Path]

EMPTY: FieldSet = frozenset()
_DEEPEST = 100
_MEMBER = "."


@dataclass(frozen=True, slots=True)
class ListKeys:
    """
    How the parts of a value are merged, looked up along a schema; a part without a schema has an empty one.

    Objects are merged field by field unless the schema calls them atomic. Lists are replaced as a whole unless it calls
    them a `map` (with keys) or a `set`.
    """

    schema: Mapping[str, Any] = field(default_factory=dict)

    def of_field(self, name: str) -> "ListKeys":
        """The keys of a field of an object."""
        properties = self.schema.get("properties", {})
        extra = self.schema.get("additionalProperties")
        return ListKeys(properties.get(name) or (extra if isinstance(extra, dict) else {}))

    @property
    def items(self) -> "ListKeys":
        items = self.schema.get("items")
        return ListKeys(items if isinstance(items, dict) else {})

    @property
    def atomic_object(self) -> bool:
        return self.schema.get("x-kubernetes-map-type") == "atomic"

    @property
    def list_type(self) -> str:
        """`map`, `set` or `atomic`."""
        return str(self.schema.get("x-kubernetes-list-type", "atomic"))

    def item_element(self, value: Any) -> str:
        """The path element of an item of a map list or set."""
        if self.list_type == "set" or not isinstance(value, dict):
            return f"v:{_compact(value)}"
        properties = self.items.schema.get("properties", {})
        keys = self.schema.get("x-kubernetes-list-map-keys", ())
        found = {key: value.get(key, properties.get(key, {}).get("default")) for key in keys}
        return f"k:{_compact({key: found[key] for key in found if found[key] is not None})}"


def list_keys(schema: Mapping[str, Any] | None) -> ListKeys:
    """The keys for objects with this schema (None: a type without one); those of metadata are always the same."""
    known = schema or {}
    return ListKeys({**known, "properties": {**known.get("properties", {}), "metadata": object_meta_schema()}})


def fields_of(obj: JsonObject, keys: ListKeys) -> dict[Path, Any]:
    """Every field of an object with its value; for items and maps that have members of their own, the value is None."""
    return dict(_walk_object(obj, keys, ()))


def encode(fields: FieldSet) -> JsonObject:
    """The set as FieldsV1."""
    root: JsonObject = {}
    for path in sorted(fields):
        node = root
        for element in path:
            node = node.setdefault(element, {})
        node[_MEMBER] = {}
    return _without_lone_marks(root)


def decode(encoded: Any) -> FieldSet:
    """The set of a FieldsV1; what is none of its form is left out."""
    return frozenset(_decoded(encoded, ())) if isinstance(encoded, dict) else EMPTY


def display(path: Path) -> str:
    """The path as messages show it: `.spec.containers[name="web"].image`."""
    parts: list[str] = []
    for element in path:
        kind, _, text = element.partition(":")
        if kind == "f":
            parts.append(f".{text}")
        elif kind == "k":
            pairs = ",".join(f"{key}={_compact(value)}" for key, value in orjson.loads(text).items())
            parts.append(f"[{pairs}]")
        else:
            parts.append(f"[={text}]")
    return "".join(parts)


def _walk_object(value: JsonObject, keys: ListKeys, path: Path) -> Iterator[tuple[Path, Any]]:
    for name, element in value.items():
        yield from _walk(element, keys.of_field(name), (*path, f"f:{name}"))


def _walk(value: Any, keys: ListKeys, path: Path) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, dict) and value and not keys.atomic_object and len(path) < _DEEPEST:
        if "properties" not in keys.schema and "additionalProperties" not in keys.schema:
            yield path, None  # a field of free form is a member besides its fields
        yield from _walk_object(value, keys, path)
    elif isinstance(value, list) and value and keys.list_type in {"map", "set"}:
        for item in value:
            here = (*path, keys.item_element(item))
            if isinstance(item, dict):
                yield here, None
                yield from _walk_object(item, keys.items, here)
            else:
                yield here, item
    else:
        yield path, value


def _without_lone_marks(node: JsonObject) -> JsonObject:
    """A member without children is written `{}`, not `{".": {}}`."""
    if node.keys() == {_MEMBER}:
        return {}
    return {name: inner if name == _MEMBER else _without_lone_marks(inner) for name, inner in node.items()}


def _decoded(node: JsonObject, path: Path) -> Iterator[Path]:
    for element, inner in node.items():
        here = (*path, element)
        if element == _MEMBER:
            yield path
        elif element[:2] in {"f:", "k:", "v:"} and isinstance(inner, dict) and len(path) < _DEEPEST:
            if inner:
                yield from _decoded(inner, here)
            else:
                yield here


def _compact(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
