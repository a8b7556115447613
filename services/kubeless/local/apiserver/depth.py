"""
How deep an object may be nested.

Much of the server walks objects recursively, and so do encoders and clients. A bound at the door, far above anything
meant seriously, keeps all of them from running out of stack.
"""

from collections.abc import Iterable
from typing import Any

from kubeless.local.apiserver.status import ApiError, bad_request

MAX_DEPTH = 200
"""Objects and lists within each other. orjson writes 254, and an answer may wrap an object in a few more."""


def is_too_deep(value: Any) -> bool:
    """Whether a JSON value is nested deeper than `MAX_DEPTH`; itself without recursion."""
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(MAX_DEPTH):
        level = [child for parent in level for child in _children(parent) if isinstance(child, dict | list)]
    return bool(level)


def too_deep() -> ApiError:
    return bad_request(f"the object is nested too deeply: at most {MAX_DEPTH} objects and lists within each other")


def _children(parent: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return parent.values() if isinstance(parent, dict) else parent
