"""Custom types: from their definition to their objects, and back to nothing."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from contract.conftest import Api
    from kubeless.core.jsontypes import JsonObject

CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
SCHEMA: JsonObject = {
    "type": "object",
    "properties": {
        "spec": {
            "type": "object",
            "required": ["size"],
            "properties": {
                "size": {"type": "integer", "minimum": 1, "maximum": 9},
                "color": {"type": "string", "default": "red", "enum": ["red", "blue"]},
                "replicas": {"type": "integer"},
                "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
            },
        },
        "status": {
            "type": "object",
            "properties": {
                "ready": {"type": "boolean"},
                "replicas": {"type": "integer"},
                "selector": {"type": "string"},
            },
        },
    },
}


def definition(group: str) -> JsonObject:
    scale = {
        "specReplicasPath": ".spec.replicas",
        "statusReplicasPath": ".status.replicas",
        "labelSelectorPath": ".status.selector",
    }
    column = {"name": "Size", "type": "integer", "jsonPath": ".spec.size"}
    version = {
        "served": True,
        "schema": {"openAPIV3Schema": SCHEMA},
        "subresources": {"status": {}, "scale": scale},
        "additionalPrinterColumns": [column],
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"boxes.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"plural": "boxes", "kind": "Box", "shortNames": ["bx"], "categories": ["all"]},
            "versions": [{**version, "name": "v1", "storage": True}, {**version, "name": "v1beta1", "storage": False}],
        },
    }


def box(group: str, name: str = "b", version: str = "v1", **spec: object) -> JsonObject:
    return {"apiVersion": f"{group}/{version}", "kind": "Box", "metadata": {"name": name}, "spec": {"size": 1, **spec}}


@pytest.fixture
async def group(api: Api) -> AsyncIterator[str]:
    """A group in which boxes are served."""
    name = f"g{secrets.token_hex(4)}.example.com"
    await api.made(CRDS, definition(name))

    async def served() -> bool:
        return (await api.get(api.group(f"{name}/v1", "boxes"))).status == 200

    await api.until(served)
    yield name
    await api.delete(f"{CRDS}/boxes.{name}")


async def test_a_definition_is_established_and_discovered(api: Api, group: str) -> None:
    status = (await api.get(f"{CRDS}/boxes.{group}")).object["status"]
    assert {c["type"]: c["status"] for c in status["conditions"]} == {"NamesAccepted": "True", "Established": "True"}
    assert status["acceptedNames"]["listKind"] == "BoxList"
    assert status["storedVersions"] == ["v1"]

    async def discovered() -> bool:
        answer = await api.get(f"/apis/{group}/v1")
        names = {entry["name"] for entry in answer.object.get("resources", ())}
        return {"boxes", "boxes/status", "boxes/scale"} <= names

    await api.until(discovered)


async def test_objects_are_defaulted_pruned_and_validated(api: Api, group: str) -> None:
    path = api.group(f"{group}/v1", "boxes")
    made = await api.create(path, box(group, unknown=1, free={"anything": [1]}))
    assert made.object["spec"] == {"size": 1, "color": "red", "free": {"anything": [1]}}
    strict = await api.create(path, box(group, "strict", unknown=1), fieldValidation="Strict")
    assert strict.status == 400
    assert "spec.unknown" in strict.object["message"]
    wrong = await api.create(path, box(group, "wrong", size=10, color="green"))
    assert wrong.status == 422
    assert {cause["field"] for cause in wrong.object["details"]["causes"]} == {"spec.size", "spec.color"}


async def test_a_custom_object_has_generation_and_a_status_of_its_own(api: Api, group: str) -> None:
    path = api.group(f"{group}/v1", "boxes")
    made = await api.made(path, {**box(group), "status": {"ready": True}})
    assert "status" not in made
    assert made["metadata"]["generation"] == 1
    answer = await api.merge(f"{path}/b/status", {"status": {"ready": True}, "spec": {"size": 2}})
    assert (answer.object["status"], answer.object["spec"]["size"]) == ({"ready": True}, 1)
    assert answer.object["metadata"]["generation"] == 1
    answer = await api.merge(f"{path}/b", {"spec": {"size": 2}, "status": {"ready": False}})
    assert (answer.object["status"], answer.object["metadata"]["generation"]) == ({"ready": True}, 2)


async def test_replacing_a_custom_object_needs_its_version(api: Api, group: str) -> None:
    path = api.group(f"{group}/v1", "boxes")
    await api.made(path, box(group))
    assert (await api.put(f"{path}/b", box(group, size=2))).status == 422


async def test_custom_objects_know_no_strategic_patch(api: Api, group: str) -> None:
    path = api.group(f"{group}/v1", "boxes")
    await api.made(path, box(group))
    assert (await api.strategic(f"{path}/b", {"spec": {"size": 2}})).status == 415


async def test_an_object_is_seen_in_every_version(api: Api, group: str) -> None:
    await api.made(api.group(f"{group}/v1beta1", "boxes"), box(group, version="v1beta1"))
    for version in ("v1", "v1beta1"):
        answer = await api.get(api.group(f"{group}/{version}", "boxes", "b"))
        assert answer.object["apiVersion"] == f"{group}/{version}"


async def test_custom_objects_scale(api: Api, group: str) -> None:
    path = api.group(f"{group}/v1", "boxes")
    await api.made(path, box(group, replicas=2))
    await api.merge(f"{path}/b/status", {"status": {"replicas": 1, "selector": "app=b"}})
    scale = (await api.get(f"{path}/b/scale")).object
    assert (scale["spec"], scale["status"]) == ({"replicas": 2}, {"replicas": 1, "selector": "app=b"})
    await api.merge(f"{path}/b/scale", {"spec": {"replicas": 5}})
    assert (await api.get(f"{path}/b")).object["spec"]["replicas"] == 5


async def test_custom_objects_can_be_applied(api: Api, group: str) -> None:
    path = api.group(f"{group}/v1", "boxes", "b")
    assert (await api.apply(path, box(group, size=3), "one")).status == 201
    assert (await api.apply(path, box(group, size=4), "two")).status == 409


async def test_tables_show_the_columns_of_the_definition(api: Api, group: str) -> None:
    path = api.group(f"{group}/v1", "boxes")
    await api.made(path, box(group, size=7))
    answer = await api.call("GET", path, accept="application/json;as=Table;v=v1;g=meta.k8s.io")
    assert [column["name"] for column in answer.object["columnDefinitions"]] == ["Name", "Size"]
    assert answer.object["rows"][0]["cells"] == ["b", 7]


async def test_a_definition_that_is_not_structural_is_refused(api: Api) -> None:
    body = definition("bad.example.com")
    body["spec"]["versions"][0]["schema"] = {"openAPIV3Schema": {"type": "object", "properties": {"spec": {}}}}
    answer = await api.create(CRDS, body)
    assert answer.status == 422


async def test_a_definition_keeps_its_objects_reachable(api: Api, group: str) -> None:
    """Those who change its scope or names must delete it first."""
    for spec in ({"scope": "Cluster"}, {"names": {"kind": "Crate"}}):
        answer = await api.merge(f"{CRDS}/boxes.{group}", {"spec": spec})
        assert answer.status == 422
        assert "field is immutable" in answer.object["message"]


async def test_objects_go_with_their_definition(api: Api, group: str) -> None:
    path = api.group(f"{group}/v1", "boxes")
    await api.made(path, box(group))
    await api.delete(f"{CRDS}/boxes.{group}")
    await api.until_gone(f"{CRDS}/boxes.{group}")

    async def no_longer_served() -> bool:
        return (await api.get(path)).status == 404

    await api.until(no_longer_served)
    await api.made(CRDS, definition(group))

    async def served() -> bool:
        return (await api.get(path)).status == 200

    await api.until(served)
    assert (await api.get(path)).names == []
