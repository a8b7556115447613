"""The bounds a structural schema sets to single values: numbers, texts, lists and objects."""

from collections.abc import Iterator
from typing import Any

import orjson

from kubeless.core.jsontypes import JsonObject
from kubeless.local.apiserver.problems import FieldProblem, duplicate, invalid, item, too_long, too_many
from kubeless.local.apiserver.schema import cel
from kubeless.local.apiserver.schema.formats import has_format


def constraint_problems(value: Any, schema: JsonObject, path: str) -> list[FieldProblem]:
    """The problems of a value by itself, not of what is in it."""
    problems: list[FieldProblem] = []
    if isinstance(value, str):
        problems += _text_problems(value, schema, path)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        problems += _number_problems(value, schema, path)
    elif isinstance(value, list):
        problems += _list_problems(value, schema, path)
    elif isinstance(value, dict):
        problems += _object_problems(value, schema, path)
    name = schema.get("format")
    if name and not has_format(name, value):
        problems.append(invalid(path, value, f'{path} in body must be of type {name}: "{value}"'))
    return problems


def json_equal(left: Any, right: Any) -> bool:
    """Equality of JSON values: `true` is not 1, the order of keys does not matter."""
    return canonical(left) == canonical(right)


def canonical(value: Any) -> bytes:
    """One text for equal JSON values, to compare and to look up by."""
    return orjson.dumps(_plain(value), option=orjson.OPT_SORT_KEYS)


def _plain(value: Any) -> Any:
    """1.0 and 1 are the same number in JSON."""
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 2**53 else value


def _text_problems(value: str, schema: JsonObject, path: str) -> Iterator[FieldProblem]:
    most, least = schema.get("maxLength"), schema.get("minLength")
    if most is not None and len(value) > most:
        yield too_long(path, most)
    if least is not None and len(value) < least:
        yield invalid(path, value, f"{path} in body should be at least {least} chars long")
    pattern = schema.get("pattern")
    if pattern:
        try:
            if not cel.matches(pattern, value):
                yield invalid(path, value, f"{path} in body should match '{pattern}'")
        except cel.RuleError as error:
            yield invalid(path, value, str(error))


def _number_problems(value: float, schema: JsonObject, path: str) -> Iterator[FieldProblem]:
    least, most = schema.get("minimum"), schema.get("maximum")
    if least is not None and (value <= least if schema.get("exclusiveMinimum") else value < least):
        words = "greater than" if schema.get("exclusiveMinimum") else "greater than or equal to"
        yield invalid(path, value, f"{path} in body should be {words} {least}")
    if most is not None and (value >= most if schema.get("exclusiveMaximum") else value > most):
        words = "less than" if schema.get("exclusiveMaximum") else "less than or equal to"
        yield invalid(path, value, f"{path} in body should be {words} {most}")
    step = schema.get("multipleOf")
    if step and value % step:
        yield invalid(path, value, f"{path} in body should be a multiple of {step}")


def _list_problems(value: list[Any], schema: JsonObject, path: str) -> Iterator[FieldProblem]:
    most, least = schema.get("maxItems"), schema.get("minItems")
    if most is not None and len(value) > most:
        yield too_many(path, len(value), most)
    if least is not None and len(value) < least:
        yield invalid(path, len(value), f"{path} in body should have at least {least} items")
    if schema.get("x-kubernetes-list-type") in {"map", "set"} or schema.get("uniqueItems"):
        yield from _duplicates(value, schema, path)


def _duplicates(value: list[Any], schema: JsonObject, path: str) -> Iterator[FieldProblem]:
    keys = schema.get("x-kubernetes-list-map-keys") if schema.get("x-kubernetes-list-type") == "map" else None
    defaults = schema.get("items", {}).get("properties", {}) if keys else {}
    seen: set[bytes] = set()
    for index, element in enumerate(value):
        shown = element
        if keys:
            if not isinstance(element, dict):
                continue
            shown = {key: element.get(key, defaults.get(key, {}).get("default")) for key in keys}
        text = canonical(shown)
        if text in seen:
            yield duplicate(item(path, index), shown)
        seen.add(text)


def _object_problems(value: JsonObject, schema: JsonObject, path: str) -> Iterator[FieldProblem]:
    most, least = schema.get("maxProperties"), schema.get("minProperties")
    if most is not None and len(value) > most:
        yield too_many(path, len(value), most)
    if least is not None and len(value) < least:
        yield invalid(path, len(value), f"{path} in body should have at least {least} properties")
