"""Strategic merge patches as kubectl sends them for built-in kinds."""

from copy import deepcopy
from typing import Any

import pytest

from kubeless.core.jsontypes import JsonObject
from kubeless.local.apiserver.patch.error import PatchError
from kubeless.local.apiserver.patch.strategic import strategic_merge_patch

POD: JsonObject = {
    "metadata": {"finalizers": ["a", "b"]},
    "spec": {
        "containers": [
            {"name": "one", "image": "i:1", "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]},
            {"name": "two", "image": "j:1", "args": ["x", "y"]},
        ],
        "tolerations": [{"key": "k"}],
        "volumes": [{"name": "v", "emptyDir": {}}],
    },
}


def patched(patch: JsonObject, current: JsonObject = POD, group: str = "", kind: str = "Pod") -> Any:
    before, given = deepcopy(current), deepcopy(patch)
    result = strategic_merge_patch(current, patch, group, kind)
    assert (current, patch) == (before, given)
    return result


def spec(patch: JsonObject) -> Any:
    return patched({"spec": patch})["spec"]


def test_containers_and_their_variables_merge_by_name() -> None:
    containers = spec({"containers": [{"name": "one", "env": [{"name": "B", "value": "3"}, {"name": "C"}]}]})[
        "containers"
    ]
    assert containers[0]["env"] == [{"name": "A", "value": "1"}, {"name": "B", "value": "3"}, {"name": "C"}]
    assert containers[0]["image"] == "i:1"
    assert containers[1] == POD["spec"]["containers"][1]


def test_an_item_is_deleted_by_directive() -> None:
    assert [c["name"] for c in spec({"containers": [{"$patch": "delete", "name": "one"}]})["containers"]] == ["two"]


def test_a_list_is_replaced_by_directive() -> None:
    assert spec({"containers": [{"name": "new"}, {"$patch": "replace"}]})["containers"] == [{"name": "new"}]


def test_an_object_is_replaced_or_deleted_by_directive() -> None:
    assert patched({"spec": {"$patch": "replace", "nodeName": "n"}})["spec"] == {"nodeName": "n"}
    assert "spec" not in patched({"spec": {"$patch": "delete"}})


def test_lists_without_merge_strategy_are_replaced() -> None:
    assert spec({"tolerations": [{"key": "other"}]})["tolerations"] == [{"key": "other"}]
    assert spec({"containers": [{"name": "two", "args": ["z"]}]})["containers"][1]["args"] == ["z"]


def test_finalizers_are_united_and_removed_one_by_one() -> None:
    assert patched({"metadata": {"finalizers": ["b", "c"]}})["metadata"]["finalizers"] == ["a", "b", "c"]
    assert patched({"metadata": {"$deleteFromPrimitiveList/finalizers": ["a"]}})["metadata"]["finalizers"] == ["b"]


def test_null_removes_a_field_and_is_not_stored_in_new_objects() -> None:
    assert "volumes" not in spec({"volumes": None})
    assert spec({"securityContext": {"runAsUser": None, "fsGroup": 1}})["securityContext"] == {"fsGroup": 1}


def test_the_wanted_order_moves_items_and_keeps_those_of_others_in_place() -> None:
    result = spec({"$setElementOrder/containers": [{"name": "two"}, {"name": "new"}], "containers": [{"name": "new"}]})
    assert [container["name"] for container in result["containers"]] == ["one", "two", "new"]
    result = spec({"$setElementOrder/containers": [{"name": "two"}, {"name": "one"}], "containers": []})
    assert [container["name"] for container in result["containers"]] == ["two", "one"]


def test_retained_keys_clear_the_other_members_of_a_union() -> None:
    volume = {"name": "v", "$retainKeys": ["name", "secret"], "secret": {"secretName": "s"}}
    assert spec({"volumes": [volume]})["volumes"] == [{"name": "v", "secret": {"secretName": "s"}}]


def test_retained_keys_apply_to_the_strategy_of_a_deployment() -> None:
    current = {"spec": {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}}}
    patch = {"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}}
    assert patched(patch, current, "apps", "Deployment") == {"spec": {"strategy": {"type": "Recreate"}}}


def test_service_ports_merge_by_port_and_mounts_by_path() -> None:
    current = {"spec": {"ports": [{"port": 80, "name": "a"}]}}
    result = patched({"spec": {"ports": [{"port": 80, "targetPort": 1}, {"port": 81}]}}, current, "", "Service")
    assert result["spec"]["ports"] == [{"port": 80, "name": "a", "targetPort": 1}, {"port": 81}]
    mounts = spec({"containers": [{"name": "one", "volumeMounts": [{"mountPath": "/a", "name": "v"}]}]})
    assert mounts["containers"][0]["volumeMounts"] == [{"mountPath": "/a", "name": "v"}]


def test_conditions_merge_by_type() -> None:
    current = {"status": {"conditions": [{"type": "A", "status": "True"}, {"type": "B", "status": "True"}]}}
    result = patched({"status": {"conditions": [{"type": "B", "status": "False"}]}}, current)
    assert [condition["status"] for condition in result["status"]["conditions"]] == ["True", "False"]


@pytest.mark.parametrize(
    ("patch", "words"),
    [
        ({"spec": {"containers": [{"image": "x"}]}}, "merge key: name"),
        ({"spec": {"containers": ["x"]}}, "spec.containers"),
        ({"spec": {"$patch": "explode"}}, "explode"),
        ({"spec": {"$setElementOrder/containers": "x"}}, "must be a list"),
        ({"metadata": {"$deleteFromPrimitiveList/finalizers": 1}}, "must be a list"),
        ({"spec": {"$retainKeys": ["a"], "nodeName": "n"}}, "nodeName"),
        ([], "must be an object"),
    ],
)
def test_wrong_patches_are_refused(patch: Any, words: str) -> None:
    with pytest.raises(PatchError, match=words):
        strategic_merge_patch(POD, patch, "", "Pod")


def test_custom_resources_have_no_strategic_patch() -> None:
    with pytest.raises(PatchError, match="use a merge patch"):
        strategic_merge_patch({}, {}, "kubeless.io", "Function")
