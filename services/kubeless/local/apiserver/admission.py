"""
Built-in objects on their way into the store: the defaults a real API server fills in, and the rules it holds them to.

`default_builtin` comes first and never fails: an object whose fields have wrong types is returned as it is, and
`validate_builtin` then names those fields. Both leave their arguments alone. Custom resources pass through as well: the
rules for metadata hold for every object; the rest of them is `schema.structural`.
"""

from kubeless.core.jsontypes import JsonObject
from kubeless.local.apiserver.defaults import defaulted
from kubeless.local.apiserver.normal_form import normal_form
from kubeless.local.apiserver.problems import FieldProblem
from kubeless.local.apiserver.resources import ResourceType
from kubeless.local.apiserver.rules.metadata import metadata_problems
from kubeless.local.apiserver.rules.registry import kind_problems
from kubeless.local.apiserver.schema.builtin import schema_for
from kubeless.local.apiserver.schema.structural import validate


def default_builtin(obj: JsonObject, resource: ResourceType) -> JsonObject:
    """The object as a real server would store it: nulls gone, amounts as text, defaults in place."""
    schema = None if resource.custom else schema_for(resource.group, resource.version, resource.kind)
    if schema is None:
        return obj
    normal = normal_form(obj, schema)
    return normal if validate(normal, schema) else defaulted(normal, resource.group, resource.kind)


def validate_builtin(obj: JsonObject, old: JsonObject | None, resource: ResourceType) -> list[FieldProblem]:
    """All problems of an object; `old` is what it replaces, None if it is new."""
    schema = None if resource.custom else schema_for(resource.group, resource.version, resource.kind)
    problems = metadata_problems(obj, old, resource)
    if schema is None:
        return problems
    wrong_types = validate(obj, schema)
    # The rules of a kind may rely on the types.
    return [*problems, *(wrong_types or kind_problems(obj, old, resource))]
