"""JSON merge patch (RFC 7386): objects are merged, `null` removes, everything else replaces."""

from typing import Any

from kubeless.core.jsontypes import JsonObject
from kubeless.local.apiserver.patch.error import PatchError


def merge_patch(current: JsonObject, patch: object) -> JsonObject:
    """
    The object with the patch merged in; both arguments stay as they are.

    Raises:
        PatchError: the patch is no object, so the result would be none either.
    """
    if not isinstance(patch, dict):
        raise PatchError(f"a merge patch must be an object, got {type(patch).__name__}")
    return _merged(current, patch)


def _merged(current: JsonObject, patch: JsonObject) -> JsonObject:
    result = dict(current)
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = _value(result.get(name), value)
    return result


def _value(current: Any, patch: Any) -> Any:
    if not isinstance(patch, dict):
        return patch
    return _merged(current if isinstance(current, dict) else {}, patch)
