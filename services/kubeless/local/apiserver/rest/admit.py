"""
From the object a client sent to the object that may be stored: unknown fields, defaults, rules.
"""

from kubeless.core.jsontypes import JsonObject
from kubeless.local.apiserver.admission import default_builtin, validate_builtin
from kubeless.local.apiserver.custom import with_default_names
from kubeless.local.apiserver.normal_form import normal_form
from kubeless.local.apiserver.problems import (
    INVALID,
    REQUIRED,
    TOO_LONG,
    TOO_MANY,
    TYPE_INVALID,
    FieldProblem,
    describe,
)
from kubeless.local.apiserver.resources import CRDS, ResourceType
from kubeless.local.apiserver.schema.builtin import object_meta_schema, schema_for
from kubeless.local.apiserver.schema.crd import check_crd, check_crd_change
from kubeless.local.apiserver.schema.structural import default, has_rules, prune, validate
from kubeless.local.apiserver.status import ApiError, bad_request, invalid

_MOST_WARNINGS = 50
_BLOCKING = {REQUIRED, TOO_LONG, TOO_MANY, TYPE_INVALID}
"""Problems of a custom object with which its rules cannot be evaluated."""


class Undecodable(ApiError):
    """A built-in object has values that are none of their fields, such as a number for a text."""

    def __init__(self, resource: ResourceType, problems: list[FieldProblem]) -> None:
        subject = f'{resource.kind} in version "{resource.version}" cannot be handled as a {resource.kind}'
        super().__init__(400, "BadRequest", f"{subject}: {describe(problems)}")


def check_fields(obj: JsonObject, resource: ResourceType, validation: str) -> tuple[JsonObject, list[str]]:
    """
    The object without the fields that its type does not know, and the warnings about them.

    Raises:
        ApiError: 400, there are some and `validation` is Strict.
    """
    schema = resource.schema if resource.custom else schema_for(resource.group, resource.version, resource.kind)
    if schema is None:
        return obj, []
    known, unknown = prune(obj, schema)
    problems = [f'unknown field "{path}"' for path in unknown][:_MOST_WARNINGS]
    if problems and validation == "Strict":
        subject = f'{resource.kind} in version "{resource.version}" cannot be handled as a {resource.kind}'
        raise bad_request(f"{subject}: strict decoding error: {', '.join(problems)}")
    return known, problems if validation == "Warn" else []


def fill_defaults(obj: JsonObject, resource: ResourceType) -> JsonObject:
    if resource.custom:
        obj = {**obj, "metadata": normal_form(obj["metadata"], object_meta_schema())}
        return default(obj, resource.schema) if resource.schema else obj
    return default_builtin(with_default_names(obj) if resource.key == CRDS.key else obj, resource)


def check_rules(obj: JsonObject, old: JsonObject | None, resource: ResourceType) -> None:
    """
    Hold the object to the rules of its type; `old` is what it replaces.

    Raises:
        Undecodable: the types of a built-in object are wrong.
        ApiError: 422 with all problems.
    """
    problems: list[FieldProblem] = list(validate_builtin(obj, old, resource))
    if not resource.custom and any(problem.reason == TYPE_INVALID for problem in problems):
        raise Undecodable(resource, problems)
    if resource.custom and resource.schema:
        problems += _custom_problems(obj, resource.schema, old)
    if resource.key == CRDS.key and not problems:
        problems += check_crd(obj)
        problems += check_crd_change(obj, old) if old else ()
    if problems:
        raise invalid(resource, str(obj["metadata"].get("name", "")), problems)


def _custom_problems(obj: JsonObject, schema: JsonObject, old: JsonObject | None) -> list[FieldProblem]:
    problems = validate(obj, schema, old)
    if has_rules(schema) and any(problem.reason in _BLOCKING for problem in problems):
        detail = "some validation rules were not checked because the object was invalid; correct the existing errors"
        problems.append(FieldProblem("<nil>", INVALID, f"Invalid value: null: {detail} to complete validation"))
    return problems
