"""The custom resource definitions are structural and say what old manifests and new readers need."""

from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from kubeless.api.crds import DEFINITIONS, crds_yaml, custom_resource_definitions
from kubeless.api.resource import CUSTOM_RESOURCES
from kubeless.api.structural import NotStructural, structural_schema
from kubeless.core.jsontypes import JsonObject

FORBIDDEN = {
    "$ref",
    "$defs",
    "title",
    "anyOf",
    "oneOf",
    "allOf",
    "not",
    "const",
    "default",
    "uniqueItems",
    "definitions",
}


def schemas(schema: JsonObject, path: str = "") -> Iterator[tuple[str, JsonObject]]:
    yield path, schema
    for name, member in schema.get("properties", {}).items():
        yield from schemas(member, f"{path}.{name}")
    for keyword in ("items", "additionalProperties"):
        if keyword in schema:
            yield from schemas(schema[keyword], f"{path}[]")


def root_schema(definition: JsonObject) -> JsonObject:
    schema: JsonObject = definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return schema


ALL = [(d["spec"]["names"]["kind"], d) for d in custom_resource_definitions()]
every_definition = pytest.mark.parametrize("definition", [d for _, d in ALL], ids=[kind for kind, _ in ALL])


@every_definition
def test_the_schema_is_structural(definition: JsonObject) -> None:
    for path, schema in schemas(root_schema(definition)):
        assert not FORBIDDEN & set(schema), path
        free = schema.get("x-kubernetes-preserve-unknown-fields") or schema.get("x-kubernetes-int-or-string")
        assert "type" in schema or free, path
        assert not ("properties" in schema and "additionalProperties" in schema), path
        assert not isinstance(schema.get("exclusiveMinimum", False), float), path


@every_definition
def test_every_field_of_spec_and_status_is_explained(definition: JsonObject) -> None:
    for part in ("spec", "status"):
        for path, schema in schemas(root_schema(definition)["properties"][part]):
            assert schema.get("description") or path.endswith("[]"), path


@every_definition
def test_what_rules_read_is_bounded_so_that_their_cost_is(definition: JsonObject) -> None:
    spec = root_schema(definition)["properties"]["spec"]
    text = " ".join(rule["rule"] for rule in spec.get("x-kubernetes-validations", ()))
    for name, schema in spec["properties"].items():
        if f"self.{name.replace('-', '__dash__')}" in text and schema["type"] == "string":
            assert "maxLength" in schema, name


def test_there_is_a_definition_per_resource_with_its_own_short_name() -> None:
    assert tuple(definition.resource for definition in DEFINITIONS) == CUSTOM_RESOURCES
    assert len({definition.short_name for definition in DEFINITIONS}) == len(DEFINITIONS)


def test_the_yaml_is_the_same_each_time_and_reads_back() -> None:
    assert crds_yaml() == crds_yaml()
    assert list(yaml.safe_load_all(crds_yaml())) == custom_resource_definitions()


def test_free_form_parts_keep_what_they_hold() -> None:
    function, cron = (root_schema(ALL[index][1])["properties"]["spec"]["properties"] for index in (0, 2))
    for schema in (function["deployment"], function["service"], function["horizontalPodAutoscaler"], cron["payload"]):
        assert schema["x-kubernetes-preserve-unknown-fields"] is True
        assert schema["nullable"] is True
    assert "type" not in cron["payload"]


def test_functions_can_be_scaled_at_a_field_that_exists() -> None:
    version = ALL[0][1]["spec"]["versions"][0]
    assert version["subresources"]["scale"]["specReplicasPath"] == ".spec.replicas"
    assert root_schema(ALL[0][1])["properties"]["spec"]["properties"]["replicas"]["type"] == "integer"


class Endless(BaseModel):
    """Contains itself."""

    again: "Endless | None" = None


class Either(BaseModel):
    """Is one of two."""

    value: int | str | list[int]


@pytest.mark.parametrize("model", [Endless, Either])
def test_a_model_that_cannot_be_expressed_is_refused(model: type[Any]) -> None:
    with pytest.raises(NotStructural):
        structural_schema(model)
