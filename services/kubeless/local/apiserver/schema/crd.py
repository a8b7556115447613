"""
What makes a CustomResourceDefinition valid: names, versions, and schemas that are structural.

The server relies on it: pruning, defaulting and server-side apply assume that every field has one type, said outside of
`anyOf` and the like.
"""

from collections.abc import Iterator
from typing import Any

from kubeless.core.jsontypes import JsonObject
from kubeless.local.apiserver import names
from kubeless.local.apiserver.problems import (
    FieldProblem,
    child,
    duplicate,
    entry,
    forbidden,
    invalid,
    item,
    not_supported,
    required,
)
from kubeless.local.apiserver.rules.metadata import immutable
from kubeless.local.apiserver.schema import cel
from kubeless.local.apiserver.schema.builtin import PRESERVE
from kubeless.local.apiserver.schema.keywords import SCHEMA
from kubeless.local.apiserver.schema.structural import prune
from kubeless.local.apiserver.schema.validation import check_value

_SCOPES = ("Cluster", "Namespaced")
_TYPES = ("array", "boolean", "integer", "number", "object", "string")
_LIST_TYPES = ("atomic", "map", "set")
_FORBIDDEN = ("definitions", "dependencies", "deprecated", "discriminator", "id", "patternProperties", "readOnly", "writeOnly", "xml", "$ref", "$schema")  # fmt: skip  # noqa: E501
_ONLY_OUTSIDE = ("type", "additionalProperties", "default", "description", "nullable", "title", PRESERVE)
"""What may not stand inside of allOf, anyOf, oneOf and not."""
_DEEPEST = 64


def check_crd(crd: JsonObject) -> list[FieldProblem]:
    """All problems of a definition whose fields have the right types and whose default names are filled in."""
    spec = crd.get("spec", {})
    problems = [
        *_group_and_scope_problems(spec),
        *_name_problems(crd, spec),
        *_version_problems(spec.get("versions", [])),
    ]
    for index, version in enumerate(spec.get("versions", [])):
        path = item("spec.versions", index)
        schema = version.get("schema", {}).get("openAPIV3Schema")
        if schema is None:
            problems.append(required(child(path, "schema.openAPIV3Schema"), "schemas are required"))
        else:
            problems += check_schema(schema, child(path, "schema.openAPIV3Schema"))
        problems += _column_problems(
            version.get("additionalPrinterColumns", []), child(path, "additionalPrinterColumns")
        )
        problems += _scale_problems(version.get("subresources", {}).get("scale"), child(path, "subresources.scale"))
    return problems


def check_crd_change(crd: JsonObject, old: JsonObject) -> Iterator[FieldProblem]:
    """What would make the objects that there are unreachable: another group, scope or name."""
    new_spec, old_spec = crd.get("spec", {}), old.get("spec", {})
    for name in ("group", "scope"):
        yield from immutable(new_spec.get(name), old_spec.get(name), f"spec.{name}")
    for name in ("kind", "plural"):
        yield from immutable(new_spec["names"].get(name), old_spec["names"].get(name), f"spec.names.{name}")


def check_schema(schema: JsonObject, path: str) -> list[FieldProblem]:
    """The problems of the schema of one version: it must be structural and begin with an object."""
    if not isinstance(schema, dict):
        return [invalid(path, schema, "must be an object")]
    wrong_types = check_value(schema, SCHEMA, path)
    if wrong_types:
        return wrong_types
    problems = list(_structural_problems(schema, path, 0))
    if schema.get("type") != "object":
        problems.append(invalid(child(path, "type"), schema.get("type", ""), "must be object at the root"))
    return problems


def _name_problems(crd: JsonObject, spec: JsonObject) -> Iterator[FieldProblem]:
    given = spec.get("names", {})
    for name in ("plural", "singular", "kind", "listKind"):
        text = given.get(name, "")
        if not text:
            yield required(f"spec.names.{name}")
        elif problem := names.label_1035_problem(text.lower() if name in {"kind", "listKind"} else text):
            yield invalid(f"spec.names.{name}", text, problem)
    for index, short in enumerate(given.get("shortNames", [])):
        if problem := names.label_1035_problem(short):
            yield invalid(item("spec.names.shortNames", index), short, problem)
    wanted = f"{given.get('plural', '')}.{spec.get('group', '')}"
    if crd["metadata"].get("name") != wanted:
        yield invalid("metadata.name", crd["metadata"].get("name", ""), 'must be spec.names.plural+"."+spec.group')


def _group_and_scope_problems(spec: JsonObject) -> Iterator[FieldProblem]:
    group = spec.get("group", "")
    if not group:
        yield required("spec.group")
    elif problem := names.subdomain_problem(group):
        yield invalid("spec.group", group, problem)
    elif "." not in group:
        yield invalid("spec.group", group, "should be a domain with at least one dot")
    if not spec.get("scope"):
        yield required("spec.scope")
    elif spec["scope"] not in _SCOPES:
        yield not_supported("spec.scope", spec["scope"], _SCOPES)


def _version_problems(versions: list[JsonObject]) -> Iterator[FieldProblem]:
    if not versions:
        yield required("spec.versions")
        return
    seen: set[str] = set()
    for index, version in enumerate(versions):
        path, name = child(item("spec.versions", index), "name"), version.get("name", "")
        if problem := names.label_1035_problem(name):
            yield invalid(path, name, problem)
        if name in seen:
            yield invalid("spec.versions", versions, "must contain unique version names")
        seen.add(name)
    if sum(version.get("storage") is True for version in versions) != 1:
        yield invalid("spec.versions", [v.get("name") for v in versions], "must have exactly one version marked as storage version")  # fmt: skip  # noqa: E501


def _column_problems(columns: list[JsonObject], path: str) -> Iterator[FieldProblem]:
    for index, column in enumerate(columns):
        here = item(path, index)
        for name in ("name", "type", "jsonPath"):
            if not column.get(name):
                yield required(child(here, name))
        if column.get("type") not in {None, "", "boolean", "date", "integer", "number", "string"}:
            yield not_supported(child(here, "type"), column["type"], ("boolean", "date", "integer", "number", "string"))
        if column.get("jsonPath") and not column["jsonPath"].startswith("."):
            yield invalid(child(here, "jsonPath"), column["jsonPath"], "must be a simple json path starting with .")


def _scale_problems(scale: JsonObject | None, path: str) -> Iterator[FieldProblem]:
    if scale is None:
        return
    for name, root in (("specReplicasPath", ".spec."), ("statusReplicasPath", ".status.")):
        value = scale.get(name, "")
        if not value:
            yield required(child(path, name))
        elif not value.startswith(root):
            yield invalid(child(path, name), value, f"should be a json path under {root[:-1]}")


def _structural_problems(schema: JsonObject, path: str, depth: int) -> Iterator[FieldProblem]:
    if depth > _DEEPEST:
        yield forbidden(path, f"nested deeper than {_DEEPEST} levels")
        return
    yield from _type_problems(schema, path)
    yield from _keyword_problems(schema, path)
    yield from _list_type_problems(schema, path)
    yield from _pattern_and_rule_problems(schema, path)
    yield from _default_problems(schema, path)
    for word in ("allOf", "anyOf", "oneOf"):
        for index, branch in enumerate(schema.get(word, [])):
            yield from _branch_problems(branch, schema, item(child(path, word), index))
    if "not" in schema:
        yield from _branch_problems(schema["not"], schema, child(path, "not"))
    for inner, here in _inner_schemas(schema, path):
        if isinstance(inner, dict):
            yield from _structural_problems(inner, here, depth + 1)
        else:
            yield invalid(here, inner, "must be a schema")


def _inner_schemas(schema: JsonObject, path: str) -> Iterator[tuple[Any, str]]:
    for name, inner in schema.get("properties", {}).items():
        yield inner, entry(child(path, "properties"), name)
    if "items" in schema:
        yield schema["items"], child(path, "items")
    extra = schema.get("additionalProperties")
    if extra is not None and not isinstance(extra, bool):
        yield extra, child(path, "additionalProperties")


def _type_problems(schema: JsonObject, path: str) -> Iterator[FieldProblem]:
    kind = schema.get("type")
    if kind is None or kind == "":
        if not schema.get("x-kubernetes-int-or-string") and not schema.get(PRESERVE):
            yield required(child(path, "type"), "must not be empty for specified object fields")
    elif kind not in _TYPES:
        yield not_supported(child(path, "type"), kind, _TYPES)
    if kind == "array" and not isinstance(schema.get("items"), dict):
        yield required(child(path, "items"), "must be specified")
    if schema.get("x-kubernetes-embedded-resource") and kind != "object":
        yield invalid(child(path, "type"), kind, "must be object if x-kubernetes-embedded-resource is true")


def _keyword_problems(schema: JsonObject, path: str) -> Iterator[FieldProblem]:
    for word in _FORBIDDEN:
        if word in schema:
            yield forbidden(child(path, word), f"{word} is not supported")
    if schema.get("properties") and schema.get("additionalProperties") not in (None, False):
        yield forbidden(child(path, "additionalProperties"), "additionalProperties and properties are mutual exclusive")
    elif schema.get("additionalProperties") is False:
        yield forbidden(child(path, "additionalProperties"), "additionalProperties cannot be set to false")
    if schema.get("uniqueItems"):
        yield forbidden(child(path, "uniqueItems"), "uniqueItems cannot be set to true since the runtime complexity becomes quadratic")  # fmt: skip  # noqa: E501


def _branch_problems(branch: Any, outer: JsonObject, path: str) -> Iterator[FieldProblem]:
    """Branches may narrow what stands outside, never introduce fields or types of their own."""
    if not isinstance(branch, dict):
        yield invalid(path, branch, "must be a schema")
        return
    for word in _ONLY_OUTSIDE:
        if word in branch and not (word == "type" and outer.get("x-kubernetes-int-or-string")):
            yield forbidden(child(path, word), "must be undefined to be structural")
    outside = outer.get("properties", {})
    for name, inner in branch.get("properties", {}).items():
        here = entry(child(path, "properties"), name)
        if name not in outside and outer.get("type") == "object":
            yield required(here.replace(path, path.rpartition(".")[0], 1), f"because it is defined in {here}")
        elif isinstance(inner, dict):
            yield from _branch_problems(inner, outside.get(name, {}), here)


def _list_type_problems(schema: JsonObject, path: str) -> Iterator[FieldProblem]:
    kind, keys = schema.get("x-kubernetes-list-type"), schema.get("x-kubernetes-list-map-keys")
    if kind is not None and kind not in _LIST_TYPES:
        yield not_supported(child(path, "x-kubernetes-list-type"), kind, _LIST_TYPES)
    if kind == "map":
        if not keys:
            yield required(
                child(path, "x-kubernetes-list-map-keys"), "must not be empty if x-kubernetes-list-type is map"
            )
        known = schema.get("items", {}).get("properties", {})
        for key in keys or ():
            if key not in known:
                yield invalid(
                    child(path, "x-kubernetes-list-map-keys"), keys, "entries must all be names of item properties"
                )
        if len(set(keys or ())) != len(keys or ()):
            yield duplicate(child(path, "x-kubernetes-list-map-keys"), keys)
    elif keys:
        yield forbidden(child(path, "x-kubernetes-list-map-keys"), "must be empty if x-kubernetes-list-type is not map")


def _pattern_and_rule_problems(schema: JsonObject, path: str) -> Iterator[FieldProblem]:
    pattern = schema.get("pattern")
    if pattern:
        try:
            cel.matches(pattern, "")
        except cel.RuleError as error:
            yield invalid(child(path, "pattern"), pattern, f"must be a valid regular expression, but isn't: {error}")
    for index, rule in enumerate(schema.get("x-kubernetes-validations", [])):
        here = item(child(path, "x-kubernetes-validations"), index)
        for name in ("rule", "messageExpression"):
            text = rule.get(name)
            if not text:
                if name == "rule":
                    yield required(child(here, name), "rule is not specified")
            elif problem := cel.rule_problem(text):
                yield invalid(child(here, name), text, problem)


def _default_problems(schema: JsonObject, path: str) -> Iterator[FieldProblem]:
    if "default" not in schema:
        return
    value, here = schema["default"], child(path, "default")
    yield from check_value(value, schema, here)
    if isinstance(value, dict):
        _kept, unknown = prune({"_": value}, {"type": "object", "properties": {"_": schema}})
        if unknown:
            yield invalid(here, value, f"must not have unknown fields: {', '.join(unknown)}")
