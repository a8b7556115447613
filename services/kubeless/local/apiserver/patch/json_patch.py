"""
JSON patch (RFC 6902) with JSON pointers (RFC 6901).

All operations or none: the document handed in stays as it is. The number of operations is bounded, as a small patch
of many copies could otherwise build a document of any size.
"""

from copy import deepcopy
from typing import Any

from kubeless.core.errors import shorten
from kubeless.core.jsontypes import JsonObject
from kubeless.local.apiserver.patch.error import PatchError

_MOST_OPERATIONS = 10_000
_MOST_COPIED = 3 * 1024 * 1024
"""How many characters of JSON all `copy` operations of one patch may add, the size limit of a request body."""


def json_patch(document: JsonObject, operations: object) -> JsonObject:
    """
    The document after all operations.

    Raises:
        PatchError: an operation is malformed, its path does not exist, or its `test` fails. The message names both.
    """
    if not isinstance(operations, list):
        raise PatchError(f"a JSON patch must be a list of operations, got {type(operations).__name__}")
    if len(operations) > _MOST_OPERATIONS:
        raise PatchError(f"the patch has {len(operations)} operations, the most allowed is {_MOST_OPERATIONS}")
    target = _Target(deepcopy(document))
    for operation in operations:
        target.run(operation)
    if not isinstance(target.root, dict):
        raise PatchError(f"the patch turns the object into {shorten(target.root)}, which is no object")
    return target.root


class _Target:
    """The document under change, and how much `copy` has added to it."""

    def __init__(self, root: Any) -> None:
        self.root = root
        self._copied = 0

    def run(self, operation: object) -> None:
        if not isinstance(operation, dict):
            raise PatchError(f"an operation must be an object, got {shorten(operation)}")
        name, path = operation.get("op"), operation.get("path")
        if name not in _OPERATIONS:
            raise PatchError(f"unknown operation {shorten(name)}; use one of {', '.join(sorted(_OPERATIONS))}")
        if not isinstance(path, str):
            raise PatchError(f"{name} operation lacks the string 'path'")
        _OPERATIONS[name](self, path, operation)

    def add(self, path: str, operation: JsonObject) -> None:
        self._put(path, "add", _argument(operation, "add", "value"))

    def remove(self, path: str, operation: JsonObject) -> None:
        self._take(path, str(operation["op"]))

    def replace(self, path: str, operation: JsonObject) -> None:
        value = _argument(operation, "replace", "value")
        if path == "":
            self.root = deepcopy(value)
            return
        container, key = self._existing(path, "replace")
        container[key] = deepcopy(value)

    def move(self, path: str, operation: JsonObject) -> None:
        source = _pointer_argument(operation, "move")
        if path.startswith(f"{source}/"):
            raise PatchError(f"move operation: cannot move {source} into its own child {path}")
        value = self._get(source, "move")
        if source == path:
            return
        self._take(source, "move")
        self._put(path, "move", value)

    def copy(self, path: str, operation: JsonObject) -> None:
        value = self._get(_pointer_argument(operation, "copy"), "copy")
        self._copied += _size(value)
        if self._copied > _MOST_COPIED:
            raise PatchError(f"copy operation: the patch would add more than {_MOST_COPIED} bytes by copying")
        self._put(path, "copy", value)

    def test(self, path: str, operation: JsonObject) -> None:
        expected, found = _argument(operation, "test", "value"), self._get(path, "test")
        if not _equal(found, expected):
            raise PatchError(f"test operation: {path or 'the document'} is {shorten(found)}, not {shorten(expected)}")

    def _get(self, path: str, operation: str) -> Any:
        value = self.root
        for token in _tokens(path, operation):
            value = _step(value, token, path, operation)
        return value

    def _existing(self, path: str, operation: str) -> tuple[Any, Any]:
        """The container and the key of a value that is there."""
        *parents, last = _tokens(path, operation)
        container = self.root
        for token in parents:
            container = _step(container, token, path, operation)
        _step(container, last, path, operation)
        return container, int(last) if isinstance(container, list) else last

    def _take(self, path: str, operation: str) -> None:
        if path == "":
            raise PatchError(f"{operation} operation: the document itself cannot be removed")
        container, key = self._existing(path, operation)
        del container[key]

    def _put(self, path: str, operation: str, value: Any) -> None:
        value = deepcopy(value)
        if path == "":
            self.root = value
            return
        *parents, last = _tokens(path, operation)
        container = self.root
        for token in parents:
            container = _step(container, token, path, operation)
        if isinstance(container, dict):
            container[last] = value
        elif isinstance(container, list):
            container.insert(_insert_index(last, len(container), path, operation), value)
        else:
            raise _missing(path, operation)


_OPERATIONS = {
    "add": _Target.add,
    "remove": _Target.remove,
    "replace": _Target.replace,
    "move": _Target.move,
    "copy": _Target.copy,
    "test": _Target.test,
}


def _tokens(path: str, operation: str) -> list[str]:
    if path == "":
        return []
    if not path.startswith("/"):
        raise PatchError(f"{operation} operation: path {shorten(path)} must be empty or begin with '/'")
    return [token.replace("~1", "/").replace("~0", "~") for token in path[1:].split("/")]


def _step(container: Any, token: str, path: str, operation: str) -> Any:
    if isinstance(container, dict) and token in container:
        return container[token]
    if isinstance(container, list) and _is_index(token) and int(token) < len(container):
        return container[int(token)]
    raise _missing(path, operation)


def _insert_index(token: str, length: int, path: str, operation: str) -> int:
    if token == "-":  # noqa: S105  # the JSON pointer for "behind the last item", no secret
        return length
    if _is_index(token) and int(token) <= length:
        return int(token)
    raise PatchError(f"{operation} operation: {path} is no index of a list of {length} items")


def _is_index(token: str) -> bool:
    return token.isascii() and token.isdigit() and len(token) < 10 and (token == "0" or token[0] != "0")  # noqa: S105


def _missing(path: str, operation: str) -> PatchError:
    return PatchError(f"{operation} operation does not apply: doc is missing path: {shorten(path)}: missing value")


def _argument(operation: JsonObject, name: str, key: str) -> Any:
    if key not in operation:
        raise PatchError(f"{name} operation at {shorten(operation['path'])} lacks {key!r}")
    return operation[key]


def _pointer_argument(operation: JsonObject, name: str) -> str:
    source = _argument(operation, name, "from")
    if not isinstance(source, str):
        raise PatchError(f"{name} operation: 'from' must be a string, got {shorten(source)}")
    return source


def _equal(left: Any, right: Any) -> bool:
    """JSON equality: unlike in Python, `true` is not 1."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_equal(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_equal, left, right))
    return bool(left == right)


def _size(value: Any) -> int:
    """A measure of a JSON value: characters of text plus one for every other part."""
    if isinstance(value, str):
        return len(value) + 2
    if isinstance(value, dict):
        return 2 + sum(len(key) + 4 + _size(child) for key, child in value.items())
    if isinstance(value, list):
        return 2 + sum(1 + _size(child) for child in value)
    return 4
