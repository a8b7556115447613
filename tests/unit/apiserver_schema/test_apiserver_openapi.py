"""What kubectl reads from the OpenAPI documents."""

from collections.abc import Iterator
from typing import Any

import pytest

from kubeless.core.jsontypes import JsonObject
from kubeless.local.apiserver.openapi import openapi_document, openapi_index
from kubeless.local.apiserver.resources import BUILTIN, ResourceType

FUNCTION = ResourceType(
    "kubeless.io",
    "v1beta1",
    "functions",
    "Function",
    schema={"type": "object", "properties": {"spec": {"type": "object", "description": "What to run."}}},
    custom=True,
)


def of_group(group: str) -> list[ResourceType]:
    return [resource for resource in BUILTIN if resource.group == group]


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"].removeprefix("#/components/schemas/")
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


@pytest.mark.parametrize("group", sorted({resource.group for resource in BUILTIN}))
def test_every_reference_of_a_document_leads_somewhere(group: str) -> None:
    document = openapi_document(of_group(group))
    assert set(references(document)) <= document["components"]["schemas"].keys()


def test_a_patch_tells_that_fields_are_validated_and_how_it_may_be_sent() -> None:
    path = "/apis/apps/v1/namespaces/{namespace}/deployments/{name}"
    patch = openapi_document(of_group("apps"))["paths"][path]["patch"]
    assert patch["x-kubernetes-group-version-kind"] == {"group": "apps", "version": "v1", "kind": "Deployment"}
    names = {parameter["name"] for parameter in patch["parameters"]}
    assert names == {"dryRun", "fieldManager", "fieldValidation", "force"}
    assert "application/strategic-merge-patch+json" in patch["requestBody"]["content"]


def test_lists_carry_their_merge_keys() -> None:
    spec = openapi_document(of_group(""))["components"]["schemas"]["core.v1.PodSpec"]["properties"]
    assert spec["containers"]["x-kubernetes-patch-merge-key"] == "name"
    assert spec["volumes"]["x-kubernetes-patch-strategy"] == "merge,retainKeys"


def test_custom_types_are_described_by_their_own_schema_and_take_no_strategic_patch() -> None:
    document = openapi_document([FUNCTION])
    schema = document["components"]["schemas"]["kubeless.io.v1beta1.Function"]
    assert schema["properties"]["spec"]["description"] == "What to run."
    assert schema["x-kubernetes-group-version-kind"] == [
        {"group": "kubeless.io", "version": "v1beta1", "kind": "Function"}
    ]
    patch = document["paths"]["/apis/kubeless.io/v1beta1/namespaces/{namespace}/functions/{name}"]["patch"]
    assert "application/strategic-merge-patch+json" not in patch["requestBody"]["content"]


def test_the_address_of_a_document_changes_with_its_content() -> None:
    def url(schema: JsonObject) -> str:
        changed = ResourceType("kubeless.io", "v1beta1", "functions", "Function", schema=schema, custom=True)
        return str(openapi_index([changed])["paths"]["apis/kubeless.io/v1beta1"]["serverRelativeURL"])

    assert url({"type": "object"}) == url({"type": "object"})
    assert url({"type": "object"}) != url({"type": "object", "description": "x"})


def test_types_that_only_answer_questions_can_be_created_alone() -> None:
    paths = openapi_document(of_group("authorization.k8s.io"))["paths"]
    assert paths["/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"].keys() == {"post", "parameters"}
