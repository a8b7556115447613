"""Create, read, update, delete: identity, versions, conflicts, generation, finalizers, names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from contract.conftest import Api
    from kubeless.core.jsontypes import JsonObject

DEPLOYMENT: JsonObject = {
    "metadata": {"name": "web"},
    "spec": {
        "replicas": 0,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "web", "image": "registry.invalid/web"}]},
        },
    },
}


def config_map(name: str, **data: str) -> JsonObject:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


async def test_a_new_object_gets_its_identity_from_the_server(api: Api) -> None:
    body = config_map("a", x="1")
    body["metadata"] |= {"uid": "mine", "creationTimestamp": "2001-01-01T00:00:00Z"}
    made = await api.made(api.core("configmaps"), body)
    metadata = made["metadata"]
    assert metadata["uid"] != "mine"
    assert metadata["creationTimestamp"] > "2020"
    assert metadata["namespace"] == api.namespace
    assert made["data"] == {"x": "1"}
    read = await api.get(api.core("configmaps", "a"))
    assert read.object == made


async def test_versions_grow_over_all_types(api: Api) -> None:
    first = await api.made(api.core("configmaps"), config_map("a"))
    second = await api.made(api.core("secrets"), {"metadata": {"name": "s"}})
    assert int(second["metadata"]["resourceVersion"]) > int(first["metadata"]["resourceVersion"])


async def test_a_name_is_taken_once(api: Api) -> None:
    await api.made(api.core("configmaps"), config_map("a"))
    again = await api.create(api.core("configmaps"), config_map("a"))
    assert (again.status, again.object["reason"]) == (409, "AlreadyExists")
    assert again.object["details"] == {"name": "a", "kind": "configmaps"}


async def test_generated_names_differ(api: Api) -> None:
    body = {"metadata": {"generateName": "job-"}}
    names = {(await api.made(api.core("configmaps"), body))["metadata"]["name"] for _ in range(5)}
    assert len(names) == 5
    assert all(name.startswith("job-") and len(name) == 9 for name in names)


async def test_what_is_not_there_is_not_found(api: Api) -> None:
    missing = await api.get(api.core("configmaps", "none"))
    assert (missing.status, missing.object["reason"]) == (404, "NotFound")
    assert missing.object["message"] == 'configmaps "none" not found'
    assert (await api.get("/apis/no.such/v1/things")).status == 404


async def test_an_object_of_another_namespace_is_refused(api: Api) -> None:
    body = config_map("a")
    body["metadata"]["namespace"] = "default"
    assert (await api.create(api.core("configmaps"), body)).status == 400


async def test_a_missing_namespace_has_room_for_nothing(api: Api) -> None:
    answer = await api.create("/api/v1/namespaces/not-there/configmaps", config_map("a"))
    assert answer.status == 404
    assert answer.object["details"]["kind"] == "namespaces"


@pytest.mark.parametrize("name", ["UPPER", "under_score", "-dash", "a" * 254, "dot..dot", "sla/sh"])
async def test_names_that_are_no_dns_names_are_invalid(api: Api, name: str) -> None:
    answer = await api.create(api.core("configmaps"), config_map(name))
    assert (answer.status, answer.object["reason"]) == (422, "Invalid")
    assert answer.object["details"]["causes"][0]["field"] == "metadata.name"


async def test_an_old_copy_conflicts(api: Api) -> None:
    made = await api.made(api.core("configmaps"), config_map("a", x="1"))
    first = await api.put(api.core("configmaps", "a"), {**made, "data": {"x": "2"}})
    assert first.status == 200
    second = await api.put(api.core("configmaps", "a"), {**made, "data": {"x": "3"}})
    assert (second.status, second.object["reason"]) == (409, "Conflict")
    assert (await api.get(api.core("configmaps", "a"))).object["data"] == {"x": "2"}


async def test_a_patch_with_an_old_version_conflicts(api: Api) -> None:
    made = await api.made(api.core("configmaps"), config_map("a"))
    await api.merge(api.core("configmaps", "a"), {"data": {"x": "1"}})
    version = made["metadata"]["resourceVersion"]
    late = await api.merge(api.core("configmaps", "a"), {"metadata": {"resourceVersion": version}, "data": {"y": "1"}})
    assert late.status == 409


async def test_writing_the_same_again_changes_nothing(api: Api) -> None:
    made = await api.made(api.core("configmaps"), config_map("a", x="1"))
    again = await api.put(api.core("configmaps", "a"), made)
    assert again.version == made["metadata"]["resourceVersion"]


async def test_the_generation_counts_changes_of_the_spec_alone(api: Api) -> None:
    path = api.group("apps/v1", "deployments")
    made = await api.made(path, DEPLOYMENT)
    assert made["metadata"]["generation"] == 1
    labelled = await api.merge(f"{path}/web", {"metadata": {"labels": {"x": "y"}}})
    assert labelled.object["metadata"]["generation"] == 1
    changed = await api.merge(f"{path}/web", {"spec": {"minReadySeconds": 7}})
    assert changed.object["metadata"]["generation"] == 2


async def test_defaults_are_filled_in(api: Api) -> None:
    spec = (await api.made(api.group("apps/v1", "deployments"), {**DEPLOYMENT, "metadata": {"name": "d"}}))["spec"]
    assert spec["strategy"]["type"] == "RollingUpdate"
    assert spec["template"]["spec"]["restartPolicy"] == "Always"
    service = await api.made(api.core("services"), {"metadata": {"name": "s"}, "spec": {"ports": [{"port": 80}]}})
    assert service["spec"]["type"] == "ClusterIP"
    assert service["spec"]["clusterIP"]
    assert service["spec"]["ports"] == [{"port": 80, "protocol": "TCP", "targetPort": 80}]


async def test_a_service_keeps_its_address(api: Api) -> None:
    body: JsonObject = {"metadata": {"name": "s"}, "spec": {"ports": [{"port": 80}]}}
    made = await api.made(api.core("services"), body)
    replaced = await api.put(api.core("services", "s"), {**body, "spec": {"ports": [{"port": 81}]}})
    assert replaced.status == 200
    assert replaced.object["spec"]["clusterIP"] == made["spec"]["clusterIP"]


async def test_all_problems_of_an_object_are_told_at_once(api: Api) -> None:
    body: JsonObject = {
        **DEPLOYMENT,
        "spec": {**DEPLOYMENT["spec"], "replicas": -1, "selector": {"matchLabels": {"a": "b"}}},
    }
    answer = await api.create(api.group("apps/v1", "deployments"), body)
    assert answer.status == 422
    fields = {cause["field"] for cause in answer.object["details"]["causes"]}
    assert {"spec.replicas", "spec.template.metadata.labels"} <= fields


async def test_a_finalizer_holds_an_object_until_it_is_removed(api: Api) -> None:
    body = config_map("a", x="1")
    body["metadata"]["finalizers"] = ["example.com/hold"]
    await api.made(api.core("configmaps"), body)
    deleted = await api.delete(api.core("configmaps", "a"))
    assert deleted.status == 200
    waiting = await api.get(api.core("configmaps", "a"))
    assert waiting.object["metadata"]["deletionTimestamp"]
    late = await api.merge(api.core("configmaps", "a"), {"metadata": {"finalizers": ["example.com/hold", "x.com/y"]}})
    assert late.status == 422
    await api.merge(api.core("configmaps", "a"), {"metadata": {"finalizers": None}})
    assert (await api.get(api.core("configmaps", "a"))).status == 404


async def test_deleting_is_answered_with_what_was_deleted(api: Api) -> None:
    made = await api.made(api.core("configmaps"), config_map("a"))
    answer = await api.delete(api.core("configmaps", "a"))
    assert answer.object["status"] == "Success"
    assert answer.object["details"]["uid"] == made["metadata"]["uid"]
    assert (await api.delete(api.core("configmaps", "a"))).status == 404


@pytest.mark.parametrize("precondition", [{"uid": "another"}, {"resourceVersion": "1"}])
async def test_preconditions_protect_from_deleting_the_wrong_object(api: Api, precondition: JsonObject) -> None:
    await api.made(api.core("configmaps"), config_map("a"))
    answer = await api.delete(api.core("configmaps", "a"), {"preconditions": precondition})
    assert answer.status == 409
    assert (await api.get(api.core("configmaps", "a"))).status == 200


async def test_a_dry_run_leaves_no_trace(api: Api) -> None:
    path = api.core("configmaps")
    assert (await api.create(path, config_map("a"), dryRun="All")).status == 201
    assert (await api.get(f"{path}/a")).status == 404
    await api.made(path, config_map("b", x="1"))
    assert (await api.merge(f"{path}/b", {"data": {"x": "2"}}, dryRun="All")).object["data"] == {"x": "2"}
    assert (await api.delete(f"{path}/b", dryRun="All")).status == 200
    assert (await api.get(f"{path}/b")).object["data"] == {"x": "1"}


async def test_a_collection_is_deleted_by_selector(api: Api) -> None:
    for name, tier in (("a", "x"), ("b", "x"), ("c", "y")):
        await api.made(api.core("configmaps"), {"metadata": {"name": name, "labels": {"tier": tier}}})
    await api.delete(api.core("configmaps"), labelSelector="tier=x")
    assert (await api.get(api.core("configmaps"), labelSelector="tier")).names == ["c"]


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff", b'"text"'])
async def test_a_body_that_is_no_object_is_a_bad_request(api: Api, body: bytes) -> None:
    answer = await api.create(api.core("configmaps"), body)
    assert (answer.status, answer.object["reason"]) == (400, "BadRequest")


async def test_a_body_of_an_unknown_type_is_refused(api: Api) -> None:
    answer = await api.call("POST", api.core("configmaps"), b"<x/>", content_type="text/xml")
    assert answer.status == 415


async def test_a_body_may_be_yaml(api: Api) -> None:
    body = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {date: '2001-01-01', yes: 'on'}\n"
    answer = await api.call("POST", api.core("configmaps"), body, content_type="application/yaml")
    assert answer.status == 201
    assert answer.object["data"] == {"date": "2001-01-01", "true": "on"}


@pytest.mark.parametrize("name", ["y", "N", "yes", "off"])
async def test_the_booleans_of_old_yaml_are_no_names(api: Api, name: str) -> None:
    body = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\n".encode()
    answer = await api.call("POST", api.core("configmaps"), body, content_type="application/yaml")
    assert (answer.status, answer.object["reason"]) == (400, "BadRequest")


async def test_a_body_over_the_limit_is_refused(api: Api) -> None:
    body = config_map("a", x="x" * (3 * 1024 * 1024))
    answer = await api.create(api.core("configmaps"), body)
    assert (answer.status, answer.object["reason"]) == (413, "RequestEntityTooLarge")


async def test_an_object_of_another_kind_is_refused(api: Api) -> None:
    answer = await api.create(api.core("configmaps"), {**config_map("a"), "kind": "Secret"})
    assert answer.status == 400


async def test_strict_validation_names_unknown_fields(api: Api) -> None:
    body: JsonObject = {**DEPLOYMENT, "spec": {**DEPLOYMENT["spec"], "replica": 2}}
    path = api.group("apps/v1", "deployments")
    refused = await api.create(path, body, fieldValidation="Strict")
    assert refused.status == 400
    assert 'unknown field "spec.replica"' in refused.object["message"]
    warned = await api.create(path, body, fieldValidation="Warn")
    assert warned.status == 201
    assert "replica" not in warned.object["spec"]
    assert any("unknown field" in warning for warning in warned.warnings)
