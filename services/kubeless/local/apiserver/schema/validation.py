"""
Validation of a value against a structural schema: types, structure, composition and rules.

Every message has the words of a real API server. The old value, if any, is followed along: properties by name, items of
a map list by their keys; other items have no counterpart, so transition rules do not apply below them.
"""

from typing import Any

from kubeless.core.jsontypes import JsonObject
from kubeless.local.apiserver.problems import (
    FORBIDDEN,
    INVALID,
    FieldProblem,
    child,
    entry,
    invalid,
    item,
    not_supported,
    quoted,
    required,
    type_invalid,
)
from kubeless.local.apiserver.schema import cel
from kubeless.local.apiserver.schema.constraints import constraint_problems, json_equal

_DEEPEST = 200
"""Deeper values cannot be stored by a real API server either."""


def check_value(value: Any, schema: JsonObject, path: str, old: Any = None, depth: int = 0) -> list[FieldProblem]:
    """All problems of one value and everything in it."""
    if depth > _DEEPEST:
        return [FieldProblem(path, FORBIDDEN, f"Forbidden: nested deeper than {_DEEPEST} levels")]
    if value is None:
        return [] if schema.get("nullable") is True or not _has_type(schema) else [_wrong_type(value, schema, path)]
    if not _type_fits(value, schema):
        return [_wrong_type(value, schema, path)]
    problems = [
        *_enum_problems(value, schema, path),
        *constraint_problems(value, schema, path),
        *_composition_problems(value, schema, path, depth),
    ]
    if isinstance(value, dict):
        problems += _object_problems(value, schema, path, old if isinstance(old, dict) else None, depth)
    elif isinstance(value, list):
        problems += _list_problems(value, schema, path, old if isinstance(old, list) else None, depth)
    # Rules may rely on the types: they do not run on a value that has problems already.
    return problems or _rule_problems(value, schema, path, old)


def _has_type(schema: JsonObject) -> bool:
    return "type" in schema or schema.get("x-kubernetes-int-or-string") is True


def _type_fits(value: Any, schema: JsonObject) -> bool:
    if schema.get("x-kubernetes-int-or-string") is True:
        return isinstance(value, str) or _is_integer(value)
    match schema.get("type"):
        case "object":
            return isinstance(value, dict)
        case "array":
            return isinstance(value, list)
        case "string":
            return isinstance(value, str)
        case "boolean":
            return isinstance(value, bool)
        case "integer":
            return _is_integer(value)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
    return True


def _is_integer(value: Any) -> bool:
    return (isinstance(value, int) and not isinstance(value, bool)) or (isinstance(value, float) and value.is_integer())


def _wrong_type(value: Any, schema: JsonObject, path: str) -> FieldProblem:
    wanted = "integer,string" if schema.get("x-kubernetes-int-or-string") else schema["type"]
    found = _type_name(value)
    return type_invalid(path, found, f'{path} in body must be of type {wanted}: "{found}"')


def _type_name(value: Any) -> str:
    if value is None:
        return "null"
    names = {dict: "object", list: "array", str: "string", bool: "boolean", int: "integer", float: "number"}
    return names.get(type(value), type(value).__name__)


def _enum_problems(value: Any, schema: JsonObject, path: str) -> list[FieldProblem]:
    choices = schema.get("enum")
    if choices is None or any(json_equal(value, choice) for choice in choices):
        return []
    return [not_supported(path, value, choices)]


def _object_problems(
    value: JsonObject, schema: JsonObject, path: str, old: JsonObject | None, depth: int
) -> list[FieldProblem]:
    problems = [required(child(path, name)) for name in schema.get("required", ()) if name not in value]
    properties = schema.get("properties", {})
    extra = schema.get("additionalProperties")
    for name, element in value.items():
        before = old.get(name) if old is not None else None
        if name in properties:
            problems += check_value(element, properties[name], child(path, name), before, depth + 1)
        elif isinstance(extra, dict):
            problems += check_value(element, extra, entry(path, name), before, depth + 1)
    return problems


def _list_problems(
    value: list[Any], schema: JsonObject, path: str, old: list[Any] | None, depth: int
) -> list[FieldProblem]:
    items = schema.get("items")
    if not isinstance(items, dict):
        return []
    earlier = _by_keys(old, schema)
    problems: list[FieldProblem] = []
    for index, element in enumerate(value):
        before = earlier.get(_keys_of(element, schema)) if earlier else None
        problems += check_value(element, items, item(path, index), before, depth + 1)
    return problems


def _by_keys(old: list[Any] | None, schema: JsonObject) -> dict[str, Any]:
    if old is None or schema.get("x-kubernetes-list-type") != "map":
        return {}
    return {_keys_of(element, schema): element for element in old}


def _keys_of(element: Any, schema: JsonObject) -> str:
    keys = schema.get("x-kubernetes-list-map-keys", ())
    return quoted([element.get(key) for key in keys] if isinstance(element, dict) else element)


def _composition_problems(value: Any, schema: JsonObject, path: str, depth: int) -> list[FieldProblem]:
    def fits(branch: JsonObject) -> bool:
        return not check_value(value, branch, path, depth=depth + 1)

    problems: list[FieldProblem] = []
    for branch in schema.get("allOf", ()):
        problems += check_value(value, branch, path, depth=depth + 1)
    if "anyOf" in schema and not any(map(fits, schema["anyOf"])):
        problems.append(_composition(value, path, "must validate at least one schema (anyOf)"))
    if "oneOf" in schema:
        fitting = sum(map(fits, schema["oneOf"]))
        if fitting != 1:
            found = "Found none valid" if not fitting else f"Found {fitting} valid alternatives"
            problems.append(_composition(value, path, f"must validate one and only one schema (oneOf). {found}"))
    if "not" in schema and fits(schema["not"]):
        problems.append(_composition(value, path, "must not validate the schema (not)"))
    return problems


def _composition(value: Any, path: str, detail: str) -> FieldProblem:
    shown = value if not isinstance(value, dict | list) else _type_name(value)
    return invalid(path, shown, f'"{path}" {detail}')


def _rule_problems(value: Any, schema: JsonObject, path: str, old: Any) -> list[FieldProblem]:
    rules = schema.get("x-kubernetes-validations")
    if not rules:
        return []
    problems: list[FieldProblem] = []
    self_value = cel.typed(value, schema)
    old_value = None if old is None else cel.typed(old, schema)
    for rule in rules:
        optional_old = rule.get("optionalOldSelf") is True
        if old is None and not optional_old and cel.is_transition(rule["rule"]):
            continue
        problem = _rule_problem(rule, self_value, old_value)
        if problem:
            where = path + str(rule.get("fieldPath", ""))
            reason = str(rule.get("reason", INVALID))
            problems.append(
                FieldProblem(where.lstrip(".") if not path else where, reason, _worded(reason, value, problem))
            )
    return problems


def _rule_problem(rule: JsonObject, self_value: Any, old_value: Any) -> str:
    """What a rule has against the value, "" if nothing."""
    try:
        if cel.evaluate(rule["rule"], self_value=self_value, old_value=old_value) is True:
            return ""
        return _rule_message(rule, self_value, old_value)
    except cel.RuleError as error:
        return f"rule {rule['rule']!r} cannot be evaluated: {error}"


def _rule_message(rule: JsonObject, self_value: Any, old_value: Any) -> str:
    if "messageExpression" in rule:
        text = cel.evaluate(rule["messageExpression"], self_value=self_value, old_value=old_value)
        if isinstance(text, str) and text.strip() and "\n" not in text:
            return text
    return str(rule.get("message") or f"failed rule: {rule['rule'].strip()}")


def _worded(reason: str, value: Any, detail: str) -> str:
    shown = quoted(value if not isinstance(value, dict | list) else _type_name(value))
    match reason:
        case "FieldValueForbidden":
            return f"Forbidden: {detail}"
        case "FieldValueRequired":
            return f"Required value: {detail}"
        case "FieldValueDuplicate":
            return f"Duplicate value: {shown}"
    return f"Invalid value: {shown}: {detail}"
