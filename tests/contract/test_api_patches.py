"""The four kinds of patches, the account of who owns what, and the status and scale sub-resources."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from contract.conftest import Api
    from kubeless.core.jsontypes import JsonObject

GROUP = "apps/v1"


def deployment(replicas: int | None = 1, image: str = "registry.invalid/web") -> JsonObject:
    spec: JsonObject = {
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "web", "image": image, "env": [{"name": "A", "value": "1"}]}]},
        },
    }
    if replicas is not None:
        spec["replicas"] = replicas
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec}


@pytest.fixture
async def path(api: Api) -> str:
    return api.group(GROUP, "deployments", "web")


@pytest.fixture
async def collection(api: Api) -> str:
    return api.group(GROUP, "deployments")


def containers(obj: JsonObject) -> list[JsonObject]:
    found: list[JsonObject] = obj["spec"]["template"]["spec"]["containers"]
    return found


async def test_a_merge_patch_replaces_lists_and_removes_nulls(api: Api) -> None:
    await api.made(api.core("configmaps"), {"metadata": {"name": "a", "finalizers": []}, "data": {"x": "1", "y": "2"}})
    answer = await api.merge(api.core("configmaps", "a"), {"data": {"x": None, "z": "3"}})
    assert answer.object["data"] == {"y": "2", "z": "3"}


async def test_a_json_patch_is_applied_as_a_whole_or_not_at_all(api: Api) -> None:
    await api.made(api.core("configmaps"), {"metadata": {"name": "a"}, "data": {"x": "1"}})
    path = api.core("configmaps", "a")
    good = [{"op": "test", "path": "/data/x", "value": "1"}, {"op": "replace", "path": "/data/x", "value": "2"}]
    assert (await api.json_patch(path, good)).object["data"] == {"x": "2"}
    bad = [{"op": "replace", "path": "/data/x", "value": "3"}, {"op": "test", "path": "/data/x", "value": "1"}]
    assert (await api.json_patch(path, bad)).status == 422
    assert (await api.get(path)).object["data"] == {"x": "2"}


async def test_a_strategic_patch_merges_containers_by_name(api: Api, collection: str, path: str) -> None:
    await api.made(collection, deployment())
    patch = {"spec": {"template": {"spec": {"containers": [{"name": "side", "image": "registry.invalid/side"}]}}}}
    assert {c["name"] for c in containers((await api.strategic(path, patch)).object)} == {"side", "web"}
    patch = {"spec": {"template": {"spec": {"containers": [{"name": "side", "$patch": "delete"}]}}}}
    assert [c["name"] for c in containers((await api.strategic(path, patch)).object)] == ["web"]


async def test_a_patch_of_an_unknown_type_is_refused(api: Api) -> None:
    await api.made(api.core("configmaps"), {"metadata": {"name": "a"}})
    answer = await api.call("PATCH", api.core("configmaps", "a"), {}, content_type="application/json")
    assert (answer.status, answer.object["reason"]) == (415, "UnsupportedMediaType")


async def test_a_patch_cannot_change_who_an_object_is(api: Api) -> None:
    made = await api.made(api.core("configmaps"), {"metadata": {"name": "a"}})
    assert (await api.merge(api.core("configmaps", "a"), {"metadata": {"name": "b"}})).status in {400, 422}
    patched = await api.merge(
        api.core("configmaps", "a"), {"metadata": {"creationTimestamp": "2001-01-01T00:00:00Z"}, "data": {"x": "1"}}
    )
    assert patched.object["metadata"]["creationTimestamp"] == made["metadata"]["creationTimestamp"]


async def test_applying_creates_then_changes_then_rests(api: Api) -> None:
    path = api.core("configmaps", "a")  # nothing that a controller writes to
    body: JsonObject = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"x": "1"}}
    first = await api.apply(path, body, "one")
    assert first.status == 201
    second = await api.apply(path, {**body, "data": {"x": "2"}}, "one")
    assert (second.status, second.object["data"]) == (200, {"x": "2"})
    third = await api.apply(path, {**body, "data": {"x": "2"}}, "one")
    assert third.version == second.version


async def test_applying_what_another_manager_owns_conflicts_unless_forced(api: Api, path: str) -> None:
    await api.apply(path, deployment(replicas=1), "one")
    refused = await api.apply(path, deployment(replicas=3), "two")
    assert (refused.status, refused.object["reason"]) == (409, "Conflict")
    cause = refused.object["details"]["causes"][0]
    assert (cause["reason"], cause["field"]) == ("FieldManagerConflict", ".spec.replicas")
    assert '"one"' in cause["message"]
    forced = await api.apply(path, deployment(replicas=3), "two", force="true")
    assert forced.object["spec"]["replicas"] == 3
    again = await api.apply(path, deployment(replicas=1), "one")
    assert again.status == 409


async def test_what_a_manager_no_longer_applies_goes_away(api: Api) -> None:
    path = api.core("configmaps", "a")
    base: JsonObject = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
    await api.apply(path, {**base, "data": {"x": "1", "y": "1"}}, "one")
    await api.apply(path, {**base, "data": {"z": "1"}}, "two")
    answer = await api.apply(path, {**base, "data": {"x": "1"}}, "one")
    assert answer.object["data"] == {"x": "1", "z": "1"}


async def test_applying_needs_a_manager(api: Api) -> None:
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
    answer = await api.call("PATCH", api.core("configmaps", "a"), body, content_type="application/apply-patch+yaml")
    assert answer.status in {400, 422}


async def test_every_writer_is_on_record(api: Api) -> None:
    await api.create(api.core("configmaps"), {"metadata": {"name": "a"}, "data": {"x": "1"}}, fieldManager="maker")
    answer = await api.merge(api.core("configmaps", "a"), {"data": {"y": "1"}}, fieldManager="changer")
    owned = {entry["manager"]: entry["fieldsV1"]["f:data"] for entry in answer.object["metadata"]["managedFields"]}
    assert "f:x" in owned["maker"]
    assert "f:y" in owned["changer"]


async def test_status_and_spec_are_written_apart(api: Api) -> None:
    body: JsonObject = {
        "metadata": {"name": "p"},
        "spec": {"containers": [{"name": "c", "image": "registry.invalid/c"}], "nodeName": "contract"},
        "status": {"phase": "Running"},
    }
    made = await api.made(api.core("pods"), body)
    assert made.get("status", {}).get("phase") != "Running"
    path = api.core("pods", "p")
    answer = await api.merge(f"{path}/status", {"status": {"reason": "Test"}, "spec": {"nodeName": "other"}})
    assert answer.object["status"]["reason"] == "Test"
    assert answer.object["spec"]["nodeName"] == "contract"
    answer = await api.merge(path, {"metadata": {"labels": {"x": "y"}}, "status": {"reason": "Changed"}})
    assert answer.object["status"]["reason"] == "Test"
    await api.delete(path, {"gracePeriodSeconds": 0})


async def test_scale_reads_and_sets_the_replicas(api: Api, collection: str, path: str) -> None:
    await api.made(collection, deployment(replicas=1))
    scale = (await api.get(f"{path}/scale")).object
    assert (scale["kind"], scale["apiVersion"]) == ("Scale", "autoscaling/v1")
    assert scale["spec"] == {"replicas": 1}
    assert scale["status"]["selector"] == "app=web"
    patched = await api.merge(f"{path}/scale", {"spec": {"replicas": 0}})
    assert patched.status == 200
    current = await api.get(path)
    assert current.object["spec"]["replicas"] == 0
    assert current.object["metadata"]["generation"] == 2
    assert (await api.put(f"{path}/scale", scale)).status == 409
    negative = await api.merge(f"{path}/scale", {"spec": {"replicas": -1}})
    assert negative.status == 422


async def test_an_object_has_a_status_from_the_beginning(api: Api, collection: str) -> None:
    """Clients with typed objects look into it without asking whether it is there."""
    assert (await api.made(collection, deployment())).get("status") == {}
    service = await api.made(api.core("services"), {"metadata": {"name": "s"}, "spec": {"ports": [{"port": 80}]}})
    assert service["status"] == {"loadBalancer": {}}
    assert all("f:status" not in entry["fieldsV1"] for entry in service["metadata"]["managedFields"])


async def test_nobody_owns_a_status_by_applying_the_object(api: Api, path: str) -> None:
    applied = await api.apply(path, {**deployment(), "status": {"replicas": 7}}, "one")
    assert applied.object["status"] == {}
    base = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "labels": {"x": "y"}}}
    status = await api.apply(f"{path}/status", {**base, "status": {"replicas": 1}, "spec": {"replicas": 9}}, "two")
    assert (status.status, status.object["status"]["replicas"]) == (200, 1)
    assert status.object["spec"] == applied.object["spec"]
    assert (await api.apply(path, deployment(), "one")).status == 200
