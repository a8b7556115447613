"""Structural schemas: pruning, defaults, validation, CEL rules, and the check of definitions."""

import time
from copy import deepcopy
from typing import Any

import pytest

from kubeless.core.jsontypes import JsonObject
from kubeless.local.apiserver.schema import cel
from kubeless.local.apiserver.schema.builtin import schema_for
from kubeless.local.apiserver.schema.crd import check_crd
from kubeless.local.apiserver.schema.formats import has_format
from kubeless.local.apiserver.schema.structural import default, prune, validate


def schema(**properties: Any) -> JsonObject:
    return {"type": "object", "properties": {"spec": {"type": "object", "properties": properties}}}


def found(value: Any, property_schema: JsonObject, old: Any = None) -> list[str]:
    before = None if old is None else {"spec": {"x": old}}
    return [str(problem) for problem in validate({"spec": {"x": value}}, schema(x=property_schema), before)]


def test_unknown_fields_are_dropped_and_named() -> None:
    items = {"type": "array", "items": {"type": "object", "properties": {"a": {"type": "integer"}}}}
    obj = {"kind": "K", "metadata": {"name": "n", "nope": 1}, "spec": {"list": [{"a": 1, "b": 2}], "c": {}}, "extra": 1}
    before = deepcopy(obj)
    pruned, unknown = prune(obj, schema(list=items))
    assert pruned == {"kind": "K", "metadata": {"name": "n"}, "spec": {"list": [{"a": 1}]}}
    assert unknown == ["metadata.nope", "spec.list[0].b", "spec.c", "extra"]
    assert obj == before


def test_preserved_fields_stay_but_known_ones_below_are_pruned() -> None:
    keeping = {
        "type": "object",
        "x-kubernetes-preserve-unknown-fields": True,
        "properties": {"known": {"type": "object", "properties": {}}},
    }
    obj = {"spec": {"x": {"any": {"thing": 1}, "known": {"b": 1}}}}
    assert prune(obj, schema(x=keeping)) == ({"spec": {"x": {"any": {"thing": 1}, "known": {}}}}, ["spec.x.known.b"])


def test_an_embedded_resource_keeps_its_type_and_metadata() -> None:
    embedded = {"type": "object", "x-kubernetes-embedded-resource": True, "properties": {}}
    obj = {"spec": {"x": {"apiVersion": "v1", "kind": "K", "metadata": {"name": "n"}, "spec": {}}}}
    assert prune(obj, schema(x=embedded))[1] == ["spec.x.spec"]


def test_maps_are_pruned_below_their_keys() -> None:
    values = {"type": "object", "additionalProperties": {"type": "object", "properties": {"a": {"type": "integer"}}}}
    assert prune({"spec": {"x": {"any": {"a": 1, "b": 1}}}}, schema(x=values))[1] == ["spec.x.any.b"]


def test_defaults_are_filled_in_at_every_level() -> None:
    inner = {"type": "object", "default": {}, "properties": {"a": {"type": "integer", "default": 1}}}
    rows = {"type": "array", "items": {"type": "object", "properties": {"p": {"type": "string", "default": "TCP"}}}}
    obj = {"spec": {"rows": [{}, {"p": "UDP"}]}}
    result = default(obj, schema(inner=inner, rows=rows))
    assert result == {"spec": {"rows": [{"p": "TCP"}, {"p": "UDP"}], "inner": {"a": 1}}}
    assert obj == {"spec": {"rows": [{}, {"p": "UDP"}]}}


def test_null_gives_way_to_a_default_unless_it_is_allowed() -> None:
    properties = {"a": {"type": "string", "default": "x"}, "b": {"type": "string", "nullable": True, "default": "x"}}
    assert default({"spec": {"a": None, "b": None}}, schema(**properties)) == {"spec": {"a": "x", "b": None}}


def test_defaults_are_not_shared_between_objects() -> None:
    properties = {"a": {"type": "object", "default": {"k": []}, "x-kubernetes-preserve-unknown-fields": True}}
    default({"spec": {}}, schema(**properties))["spec"]["a"]["k"].append(1)
    assert default({"spec": {}}, schema(**properties)) == {"spec": {"a": {"k": []}}}


@pytest.mark.parametrize(
    ("value", "rule", "problem"),
    [
        ("x", {"type": "integer"}, 'Invalid value: "string": spec.x in body must be of type integer: "string"'),
        (True, {"type": "integer"}, 'Invalid value: "boolean": spec.x in body must be of type integer: "boolean"'),
        (None, {"type": "string"}, 'Invalid value: "null": spec.x in body must be of type string: "null"'),
        (1.5, {"x-kubernetes-int-or-string": True}, "Invalid value:"),
        ("c", {"type": "string", "enum": ["a", "b"]}, 'Unsupported value: "c": supported values: "a", "b"'),
        ("b", {"type": "string", "pattern": "^a+$"}, "Invalid value: \"b\": spec.x in body should match '^a+$'"),
        (0, {"type": "integer", "minimum": 1}, "Invalid value: 0: spec.x in body should be greater than or equal to 1"),
        (
            1,
            {"type": "integer", "minimum": 1, "exclusiveMinimum": True},
            "Invalid value: 1: spec.x in body should be g",
        ),
        (9, {"type": "integer", "maximum": 8}, "Invalid value: 9: spec.x in body should be less than or equal to 8"),
        (
            2**31,
            {"type": "integer", "format": "int32"},
            "Invalid value: 2147483648: spec.x in body must be of type int32",
        ),
        (
            "now",
            {"type": "string", "format": "date-time"},
            'Invalid value: "now": spec.x in body must be of type date-',
        ),
        ("abc", {"type": "string", "maxLength": 2}, "Too long: may not be more than 2 bytes"),
        ("", {"type": "string", "minLength": 1}, 'Invalid value: "": spec.x in body should be at least 1 chars long'),
        (
            [1, 1],
            {"type": "array", "maxItems": 1, "items": {"type": "integer"}},
            "Too many: 2: must have at most 1 items",
        ),
        (
            {},
            {"type": "object", "minProperties": 1},
            "Invalid value: 0: spec.x in body should have at least 1 properties",
        ),
        (
            5,
            {"type": "integer", "not": {"minimum": 3}},
            'Invalid value: 5: "spec.x" must not validate the schema (not)',
        ),
        (
            5,
            {"type": "integer", "anyOf": [{"maximum": 3}]},
            'Invalid value: 5: "spec.x" must validate at least one schema',
        ),
        (5, {"type": "integer", "oneOf": [{"minimum": 3}, {"minimum": 4}]}, "Invalid value: 5: "),
        (5, {"type": "integer", "allOf": [{"maximum": 3}]}, "Invalid value: 5: spec.x in body should be less than"),
    ],
)
def test_problems_have_the_words_of_kubernetes(value: Any, rule: JsonObject, problem: str) -> None:
    texts = found(value, rule)
    assert len(texts) == 1
    assert texts[0].startswith(f"spec.x: {problem}")


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        (None, {"type": "string", "nullable": True}),
        (1.0, {"type": "integer"}),
        (1, {"type": "number"}),
        ("50%", {"x-kubernetes-int-or-string": True}),
        ("anything", {"x-kubernetes-preserve-unknown-fields": True}),
        ("x", {"type": "string", "format": "unheard-of"}),
        ("2024-02-29T12:00:00.5+01:00", {"type": "string", "format": "date-time"}),
    ],
)
def test_fitting_values_have_no_problems(value: Any, rule: JsonObject) -> None:
    assert found(value, rule) == []


def test_required_fields_are_named() -> None:
    assert found({}, {"type": "object", "required": ["a"]}) == ["spec.x.a: Required value"]


def test_items_of_map_and_set_lists_are_unique() -> None:
    rows = {
        "type": "array",
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["port", "protocol"],
        "items": {"type": "object", "properties": {"protocol": {"type": "string", "default": "TCP"}}},
    }
    problem = 'spec.x[1]: Duplicate value: {"port":1,"protocol":"TCP"}'
    assert found([{"port": 1}, {"port": 1, "protocol": "TCP"}], rows) == [problem]
    values = {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}}
    assert found(["a", "b", "a"], values) == ['spec.x[2]: Duplicate value: "a"']


def test_deep_nesting_is_refused_before_it_exhausts_the_stack() -> None:
    recursive: JsonObject = {"x-kubernetes-preserve-unknown-fields": True}
    recursive["additionalProperties"] = recursive
    value: JsonObject = {}
    for _ in range(300):
        value = {"a": value}
    assert "nested deeper" in found(value, recursive)[0]


ONE_OF_TWO = {
    "type": "object",
    "properties": {"a": {"type": "string"}, "b": {"type": "string"}, "max-size": {"type": "integer"}},
    "x-kubernetes-validations": [{"rule": "has(self.a) != has(self.b)", "message": "exactly one of a and b"}],
}


def test_rules_see_the_fields_of_their_value() -> None:
    assert found({"a": "1"}, ONE_OF_TWO) == []
    assert found({"a": "1", "b": "2"}, ONE_OF_TWO) == ['spec.x: Invalid value: "object": exactly one of a and b']


def test_a_rule_without_message_shows_itself() -> None:
    rule = {"type": "integer", "x-kubernetes-validations": [{"rule": "self > 3"}]}
    assert found(1, rule) == ["spec.x: Invalid value: 1: failed rule: self > 3"]


def test_reason_path_and_message_expression_of_a_rule_are_used() -> None:
    rule = {
        **ONE_OF_TWO,
        "x-kubernetes-validations": [
            {
                "rule": "self.max__dash__size < 3",
                "messageExpression": "'too big: ' + string(self.max__dash__size)",
                "fieldPath": ".max-size",
                "reason": "FieldValueForbidden",
            }
        ],
    }
    assert found({"max-size": 5}, rule) == ["spec.x.max-size: Forbidden: too big: 5"]


def test_transition_rules_apply_to_updates_alone_and_follow_map_lists() -> None:
    rule = {"type": "string", "x-kubernetes-validations": [{"rule": "self == oldSelf", "message": "immutable"}]}
    assert found("a", rule) == []
    assert found("a", rule, "a") == []
    assert found("b", rule, "a") == ['spec.x: Invalid value: "b": immutable']
    rows = {
        "type": "array",
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["n"],
        "items": {"type": "object", "properties": {"n": {"type": "string"}, "v": rule}},
    }
    moved = [{"n": "new", "v": "3"}, {"n": "one", "v": "2"}]
    assert found(moved, rows, [{"n": "one", "v": "1"}]) == ['spec.x[1].v: Invalid value: "2": immutable']


def test_a_rule_that_fails_says_why() -> None:
    rule = {**ONE_OF_TWO, "x-kubernetes-validations": [{"rule": "self.a == '1'"}]}
    assert "no such key: a" in found({"b": "1"}, rule)[0]


def test_an_expensive_rule_is_refused_before_it_runs() -> None:
    rule = {
        "type": "array",
        "items": {"type": "integer"},
        "x-kubernetes-validations": [{"rule": "self.all(a, self.all(b, self.all(c, a + b + c > 0)))"}],
    }
    assert found([1, 2], rule) == []
    started = time.process_time()
    assert "steps" in found([1] * 2000, rule)[0]
    assert time.process_time() - started < 0.5


def test_evil_patterns_do_not_hang() -> None:
    started = time.process_time()
    assert found("a" * 5000 + "!", {"type": "string", "pattern": "^(a+)+$"})
    assert time.process_time() - started < 0.5


def test_an_old_value_in_a_string_is_no_transition() -> None:
    assert not cel.is_transition("self != 'oldSelf'")
    assert cel.is_transition("self != oldSelf.a")


@pytest.mark.parametrize(
    ("name", "value", "fits"),
    [
        ("date-time", "2024-13-01T00:00:00Z", False),
        ("date-time", "2024-01-01 00:00:00Z", False),
        ("date", "2024-02-30", False),
        ("duration", "1h3.5s", True),
        ("duration", "1", False),
        ("byte", "eA=", False),
        ("quantity", "1.5Gi", True),
        ("quantity", "1e3", True),
        ("quantity", "1 Gi", False),
        ("ipv4", "1.2.3.4", True),
        ("ipv4", "1.2.3", False),
        ("uuid", "123", False),
        ("uri", "no uri", False),
        ("int32", -(2**31), True),
    ],
)
def test_formats(name: str, value: Any, fits: bool) -> None:
    assert has_format(name, value) is fits


def test_real_world_deployments_have_no_unknown_fields() -> None:
    schema_of_deployment = schema_for("apps", "v1", "Deployment")
    assert schema_of_deployment is not None
    container = {
        "name": "c",
        "image": "i",
        "envFrom": [{"configMapRef": {"name": "c", "optional": True}, "prefix": "P_"}],
        "env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}],
        "resources": {"limits": {"cpu": "1", "nvidia.com/gpu": 1}},
        "securityContext": {"capabilities": {"drop": ["ALL"]}, "seccompProfile": {"type": "RuntimeDefault"}},
        "lifecycle": {"preStop": {"exec": {"command": ["sleep", "1"]}}},
        "startupProbe": {"grpc": {"port": 1}, "failureThreshold": 30},
        "volumeMounts": [{"name": "v", "mountPath": "/v", "subPath": "x", "readOnly": True}],
    }
    pod = {
        "containers": [container],
        "topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "z", "whenUnsatisfiable": "ScheduleAnyway"}],
        "affinity": {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1}]}},
        "volumes": [{"name": "v", "projected": {"sources": [{"configMap": {"name": "c", "items": []}}]}}],
        "tolerations": [{"key": "k", "operator": "Exists", "tolerationSeconds": 3}],
    }
    meta = {"creationTimestamp": None, "labels": {"a": "b"}}
    spec = {"selector": {"matchLabels": {"a": "b"}}, "template": {"metadata": meta, "spec": pod}, "strategy": {}}
    obj = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "x"}, "spec": spec, "status": {}}
    assert prune(obj, schema_of_deployment) == (obj, [])
    assert validate(obj, schema_of_deployment) == []
    wrong = {**obj, "spec": {**spec, "replica": 1, "template": {"spec": {"containers": [{"img": "x"}]}}}}
    assert prune(wrong, schema_of_deployment)[1] == ["spec.template.spec.containers[0].img", "spec.replica"]


def crd(**changes: Any) -> JsonObject:
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": schema(a={"type": "string"})},
    }
    names = {"plural": "things", "singular": "thing", "kind": "Thing", "listKind": "ThingList"}
    spec = {"group": "example.com", "scope": "Namespaced", "names": names, "versions": [version], **changes}
    return {"metadata": {"name": "things.example.com"}, "spec": spec}


def with_schema(property_schema: JsonObject) -> list[str]:
    openapi = {"openAPIV3Schema": schema(x=property_schema)}
    return [
        str(p) for p in check_crd(crd(versions=[{"name": "v1", "served": True, "storage": True, "schema": openapi}]))
    ]


def test_a_good_definition_has_no_problems() -> None:
    assert check_crd(crd()) == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"group": "other.com"}, 'metadata.name: Invalid value: "things.example.com": must be spec.names.plural'),
        ({"scope": "Galaxy"}, "spec.scope: Unsupported value"),
        ({"versions": []}, "spec.versions: Required value"),
        ({"names": {"plural": "things", "singular": "thing", "listKind": "L"}}, "spec.names.kind: Required value"),
        ({"versions": [{"name": "v1", "storage": True}]}, "spec.versions[0].schema.openAPIV3Schema: Required value"),
    ],
)
def test_wrong_definitions_are_refused(changes: JsonObject, message: str) -> None:
    assert any(str(problem).startswith(message) for problem in check_crd(crd(**changes)))


def test_exactly_one_version_is_stored() -> None:
    version = crd()["spec"]["versions"][0]
    for versions in ([{**version, "storage": False}], [version, {**version, "name": "v2"}]):
        assert any("exactly one version" in str(problem) for problem in check_crd(crd(versions=versions)))


@pytest.mark.parametrize(
    ("property_schema", "words"),
    [
        ({}, "type: Required value: must not be empty for specified object fields"),
        ({"type": "array"}, "items: Required value"),
        ({"type": "object", "$ref": "#/x"}, "$ref: Forbidden"),
        ({"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": True}, "mutual exclusive"),
        ({"type": "integer", "anyOf": [{"type": "string"}]}, "must be undefined to be structural"),
        ({"type": "object", "anyOf": [{"properties": {"q": {"minimum": 1}}}]}, "because it is defined in"),
        ({"type": "integer", "default": "x"}, "default: Invalid value"),
        ({"type": "object", "properties": {}, "default": {"u": 1}}, "unknown fields"),
        ({"type": "string", "pattern": "("}, "must be a valid regular expression"),
        ({"type": "string", "x-kubernetes-validations": [{"rule": "self ="}]}, "compilation failed"),
        ({"type": "string", "x-kubernetes-validations": [{"rule": "frob(self)"}]}, "undeclared reference to 'frob'"),
        ({"type": "string", "x-kubernetes-validations": [{}]}, "rule is not specified"),
        (
            {"type": "array", "items": {"type": "object", "properties": {}}, "x-kubernetes-list-type": "map"},
            "x-kubernetes-list-map-keys: Required value",
        ),
        ({"type": "array", "items": {"type": "string"}, "uniqueItems": True}, "uniqueItems: Forbidden"),
    ],
)
def test_schemas_that_are_not_structural_are_refused(property_schema: JsonObject, words: str) -> None:
    assert any(words in problem for problem in with_schema(property_schema))


@pytest.mark.parametrize(
    "property_schema",
    [
        {"x-kubernetes-int-or-string": True, "anyOf": [{"type": "integer"}, {"type": "string"}]},
        {"x-kubernetes-preserve-unknown-fields": True},
        {"type": "object", "additionalProperties": {"type": "string"}},
        {"type": "object", "properties": {"a": {"type": "string"}}, "oneOf": [{"required": ["a"]}]},
        {"type": "string", "x-kubernetes-validations": [{"rule": "self.trim().size() > 0 && self in ['a', 'b']"}]},
    ],
)
def test_structural_schemas_are_accepted(property_schema: JsonObject) -> None:
    assert with_schema(property_schema) == []
