r"""
The part of JSONPath that printer columns use.

`.spec.a`, `.a['b c']`, `.labels.example\.com/x`, `.list[0]`, `.list[-1]`, `.list[*].x` and
`.list[?(@.type=="Ready")].x`.
"""

import re
from functools import lru_cache
from typing import Any

from kubeless.core.errors import InvalidInput, shorten

_LONGEST = 1024
_MOST_VALUES = 1000
_STEP = re.compile(
    r"""\.(?P<name>(?:\\.|[^.\[\]\\'"])+)"""
    r"""|\[(?P<quote>['"])(?P<key>(?:\\.|(?!(?P=quote)).)*)(?P=quote)\]"""
    r"""|\[(?P<index>-?\d{1,6}|\*)\]"""
    r"""|\[\?\(@\.(?P<field>[\w./-]+)\s*(?P<op>==|!=)\s*(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<bare>[\w.-]+))\s*\)\]"""
)

Step = tuple[str, str, str]
"""Kind (name, index or filter), name or field, and for a filter its operator and value."""


class JSONPathError(InvalidInput):
    """The JSONPath has a form that is not supported."""


def find(value: Any, path: str) -> list[Any]:
    """
    All values at a path, in their order; none if there is nothing.

    Raises:
        JSONPathError: the path cannot be read.
    """
    found = [value]
    for kind, name, wanted in _steps(path):
        found = [inner for outer in found for inner in _step(outer, kind, name, wanted)][:_MOST_VALUES]
    return found


@lru_cache(maxsize=512)
def _steps(path: str) -> tuple[Step, ...]:
    text = path.strip().removeprefix("{").removesuffix("}").removeprefix("$")
    if not text or len(text) > _LONGEST:
        raise JSONPathError(f"the JSONPath {shorten(path)} is empty or too long")
    steps: list[Step] = []
    position = 0
    while position < len(text):
        match = _STEP.match(text, position)
        if match is None:
            raise JSONPathError(f"the JSONPath {shorten(path)} is not supported at character {position}")
        steps.append(_read_step(match))
        position = match.end()
    return tuple(steps)


def _read_step(match: re.Match[str]) -> Step:
    if match["field"]:
        wanted = next(text for text in (match["double"], match["single"], match["bare"]) if text is not None)
        return "equal" if match["op"] == "==" else "differ", match["field"], wanted
    if match["index"]:
        return "index", match["index"], ""
    name = match["name"] if match["name"] is not None else match["key"]
    return "name", re.sub(r"\\(.)", r"\1", name), ""


def _step(value: Any, kind: str, name: str, wanted: str) -> list[Any]:
    if kind == "name":
        return [value[name]] if isinstance(value, dict) and name in value else []
    if isinstance(value, dict) and name == "*":
        return list(value.values())
    if not isinstance(value, list):
        return []
    if kind == "index":
        if name == "*":
            return value
        return value[int(name) :][:1] if int(name) >= 0 or -int(name) <= len(value) else []
    return [item for item in value if (_text(item, name) == wanted) is (kind == "equal")]


def _text(item: Any, field: str) -> str | None:
    for name in field.split("."):
        item = item.get(name) if isinstance(item, dict) else None
    if isinstance(item, bool):
        return "true" if item else "false"
    return None if item is None else str(item)
