"""Field ownership: server-side apply, its conflicts, and the bookkeeping of other writes."""

from copy import deepcopy
from typing import Any

import pytest

from kubeless.core.jsontypes import JsonObject
from kubeless.local.apiserver import managed_fields
from kubeless.local.apiserver.field_sets import decode, encode, list_keys
from kubeless.local.apiserver.managed_fields import ApplyConflict
from kubeless.local.apiserver.schema.builtin import schema_for

DEPLOYMENT = list_keys(schema_for("apps", "v1", "Deployment"))
SERVICE = list_keys(schema_for("", "v1", "Service"))
FREE = list_keys(None)


def apply(
    current: JsonObject | None,
    applied: JsonObject,
    manager: str = "me",
    *,
    force: bool = False,
    now: str = "t1",
    keys: Any = FREE,
) -> JsonObject:
    before = deepcopy((current, applied))
    result = managed_fields.apply(
        current, applied, manager=manager, force=force, now=now, keys=keys, api_version="example.com/v1"
    )
    assert (current, applied) == before
    return result


def update(
    old: JsonObject | None, new: JsonObject, manager: str = "other", *, now: str = "t2", keys: Any = FREE
) -> JsonObject:
    return managed_fields.record_update(
        old, new, manager=manager, now=now, subresource="", keys=keys, api_version="example.com/v1"
    )


def owned(obj: JsonObject) -> dict[str, JsonObject]:
    entries = obj["metadata"].get("managedFields", [])
    return {f"{entry['manager']} {entry['operation']}": entry["fieldsV1"] for entry in entries}


def thing(**spec: Any) -> JsonObject:
    return {"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": "x"}, "spec": spec}


def without_owners(obj: JsonObject) -> JsonObject:
    return {**obj, "metadata": {key: value for key, value in obj["metadata"].items() if key != "managedFields"}}


def test_the_first_apply_creates_the_object_and_owns_what_it_says() -> None:
    result = apply(None, thing(a=1, b={"c": [1, 2]}))
    assert without_owners(result) == thing(a=1, b={"c": [1, 2]})
    assert result["metadata"]["managedFields"] == [
        {
            "manager": "me",
            "operation": "Apply",
            "apiVersion": "example.com/v1",
            "time": "t1",
            "fieldsType": "FieldsV1",
            "fieldsV1": {"f:spec": {".": {}, "f:a": {}, "f:b": {".": {}, "f:c": {}}}},
        }
    ]


def test_applying_the_same_again_changes_nothing() -> None:
    first = apply(None, thing(a=1))
    assert apply(first, thing(a=1), now="t9") == first


def test_fields_left_out_are_removed_if_nobody_else_owns_them() -> None:
    first = apply(None, thing(a=1, b=2, c=3))
    shared = apply(first, thing(c=3), "other")
    result = apply(shared, thing(a=1))
    assert result["spec"] == {"a": 1, "c": 3}


def test_fields_of_others_with_another_value_are_a_conflict() -> None:
    current = update(None, thing(replicas=1, keep=1), "other")
    with pytest.raises(ApplyConflict) as refused:
        apply(current, thing(replicas=2, keep=1))
    words = 'Apply failed with 1 conflict: conflict with "other" using example.com/v1: .spec.replicas'
    assert str(refused.value) == words
    assert refused.value.conflicts == (("other", ".spec.replicas"),)
    assert refused.value.causes[0]["field"] == ".spec.replicas"


def test_several_conflicts_are_listed_by_manager() -> None:
    current = update(None, thing(a=1, b=1), "other")
    with pytest.raises(ApplyConflict) as refused:
        apply(current, thing(a=2, b=2))
    assert str(refused.value) == (
        'Apply failed with 2 conflicts: conflict with "other" using example.com/v1:\n- .spec.a\n- .spec.b'
    )


def test_the_same_value_is_shared_without_conflict() -> None:
    result = apply(update(None, thing(a=1), "other"), thing(a=1))
    assert owned(result).keys() == {"me Apply", "other Update"}


def test_force_takes_the_field_and_drops_entries_that_own_nothing() -> None:
    current = apply(None, {"metadata": {"name": "x"}, "data": {"a": "1"}}, "other")
    result = apply(
        current,
        {"metadata": {"name": "x"}, "data": {"a": "2"}},
        force=True,
        keys=list_keys(schema_for("", "v1", "ConfigMap")),
    )
    assert result["data"] == {"a": "2"}
    assert "f:a" not in owned(result).get("other Apply", {}).get("f:data", {})


def test_an_update_takes_what_it_changes_from_others() -> None:
    first = apply(None, thing(a=1, b=1))
    changed = {**first, "spec": {"a": 2, "b": 1}}
    result = update(first, changed)
    assert owned(result) == {"me Apply": {"f:spec": {".": {}, "f:b": {}}}, "other Update": {"f:spec": {"f:a": {}}}}


def test_an_update_that_removes_a_field_ends_all_ownership_of_it() -> None:
    first = apply(None, thing(a=1, b=1))
    assert owned(update(first, {**first, "spec": {"a": 1}})) == {"me Apply": {"f:spec": {".": {}, "f:a": {}}}}


def test_clients_that_drop_managed_fields_do_not_reset_them_but_an_empty_list_does() -> None:
    first = apply(None, thing(a=1))
    assert owned(update(first, without_owners(first))) == owned(first)
    emptied = {**first, "metadata": {"name": "x", "managedFields": []}}
    assert owned(update(first, emptied)) == {}


CONTAINER = {"name": "web", "image": "i:1", "ports": [{"containerPort": 80}]}


def workload(*containers: JsonObject, **spec: Any) -> JsonObject:
    return {"metadata": {"name": "x"}, "spec": {"template": {"spec": {"containers": list(containers)}}, **spec}}


def test_items_of_map_lists_are_owned_by_their_keys() -> None:
    result = apply(None, workload(CONTAINER), keys=DEPLOYMENT)
    containers = owned(result)["me Apply"]["f:spec"]["f:template"]["f:spec"]["f:containers"]
    assert containers == {
        'k:{"name":"web"}': {
            ".": {},
            "f:name": {},
            "f:image": {},
            "f:ports": {'k:{"containerPort":80,"protocol":"TCP"}': {".": {}, "f:containerPort": {}}},
        }
    }


def test_items_of_others_stay_and_own_items_go_when_left_out() -> None:
    current = apply(None, workload(CONTAINER, {"name": "old", "image": "o"}), keys=DEPLOYMENT)
    current = apply(current, workload({"name": "sidecar", "image": "s"}), "mesh", keys=DEPLOYMENT)
    result = apply(current, workload({**CONTAINER, "image": "i:2"}), keys=DEPLOYMENT)
    containers = result["spec"]["template"]["spec"]["containers"]
    assert [(container["name"], container["image"]) for container in containers] == [("web", "i:2"), ("sidecar", "s")]


def test_ports_merge_by_number_and_default_protocol() -> None:
    service = {"metadata": {"name": "x"}, "spec": {"ports": [{"port": 80, "protocol": "TCP", "targetPort": 80}]}}
    result = apply(service, {"metadata": {"name": "x"}, "spec": {"ports": [{"port": 80, "name": "web"}]}}, keys=SERVICE)
    assert result["spec"]["ports"] == [{"port": 80, "protocol": "TCP", "targetPort": 80, "name": "web"}]


def test_atomic_lists_are_one_field() -> None:
    current = apply(None, workload({**CONTAINER, "args": ["a", "b"]}), "other", keys=DEPLOYMENT)
    with pytest.raises(ApplyConflict, match=r"containers\[name=\"web\"\]\.args"):
        apply(current, workload({"name": "web", "args": ["a"]}), keys=DEPLOYMENT)


def test_sets_are_united() -> None:
    current = apply(None, {"metadata": {"name": "x", "finalizers": ["a/b"]}}, "other")
    result = apply(current, {"metadata": {"name": "x", "finalizers": ["c/d"]}})
    assert sorted(result["metadata"]["finalizers"]) == ["a/b", "c/d"]
    assert owned(result)["me Apply"] == {"f:metadata": {"f:finalizers": {'v:"c/d"': {}}}}


def test_nulls_in_a_configuration_are_not_set() -> None:
    assert apply(None, thing(a=None, b=1))["spec"] == {"b": 1}


def test_the_way_of_kubectl_from_client_side_to_server_side_apply() -> None:
    """kubectl turns the entry of its client-side apply into one of Apply, then applies with the manager `kubectl`."""
    created = update(None, workload(CONTAINER, replicas=3), "kubectl-client-side-apply", keys=DEPLOYMENT)
    migrated = deepcopy(created)
    migrated["metadata"]["managedFields"][0] |= {"manager": "kubectl", "operation": "Apply"}
    stored = update(created, migrated, "kubectl", keys=DEPLOYMENT)
    assert owned(stored).keys() == {"kubectl Apply"}
    result = apply(stored, workload({**CONTAINER, "image": "i:2"}), "kubectl", keys=DEPLOYMENT)
    assert "replicas" not in result["spec"]
    assert result["spec"]["template"]["spec"]["containers"][0]["image"] == "i:2"


def test_the_number_of_writers_is_bounded() -> None:
    obj = update(None, thing(n=0), "writer-00")
    for index in range(1, 15):
        obj = update(obj, {**obj, "spec": {**obj["spec"], f"f{index}": 1}}, f"writer-{index:02}", now=f"t{index:02}")
    assert len(obj["metadata"]["managedFields"]) == 10
    assert "ancient-changes Update" in owned(obj)


def test_fields_survive_their_encoding() -> None:
    fields = frozenset({("f:a",), ("f:a", "f:b"), ("f:c", 'k:{"name":"x"}'), ("f:c", 'k:{"name":"x"}', "f:d")})
    assert decode(encode(fields)) == fields
    assert encode(fields) == {"f:a": {".": {}, "f:b": {}}, "f:c": {'k:{"name":"x"}': {".": {}, "f:d": {}}}}


def test_malformed_entries_are_left_out() -> None:
    obj = thing(a=1)
    obj["metadata"]["managedFields"] = [
        1,
        {"manager": "m"},
        {"operation": "Update", "fieldsType": "FieldsV1", "fieldsV1": {"x": 1}},
    ]
    assert owned(update(None, obj)).keys() == {"other Update"}
