"""Objects with something wrong in any place are refused or understood, and never break the server."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from contract.conftest import Api
    from kubeless.core.jsontypes import JsonObject

WRONG: list[Any] = [None, [], {}, "x", 1, True, [None], [{}], {"a": None}]
METADATA: JsonObject = {
    "name": "x",
    "labels": {"a": "b"},
    "ownerReferences": [{"apiVersion": "v1", "kind": "ConfigMap", "name": "a", "uid": "u"}],
    "finalizers": ["example.com/a"],
}
CONTAINER: JsonObject = {
    "name": "a",
    "image": "registry.invalid/a",
    "ports": [{"containerPort": 80}],
    "env": [{"name": "A", "value": "b"}],
    "resources": {"limits": {"cpu": "1"}},
    "volumeMounts": [{"name": "v", "mountPath": "/a"}],
}
DEPLOYMENT: JsonObject = {
    "metadata": METADATA,
    "spec": {
        "selector": {"matchLabels": {"a": "b"}, "matchExpressions": [{"key": "a", "operator": "Exists"}]},
        "template": {
            "metadata": {"labels": {"a": "b"}},
            "spec": {"containers": [CONTAINER], "volumes": [{"name": "v", "configMap": {"name": "a"}}]},
        },
    },
}
SERVICE: JsonObject = {
    "metadata": METADATA,
    "spec": {"selector": {"a": "b"}, "ports": [{"port": 80, "name": "a"}], "externalIPs": ["192.0.2.1"]},
}
DEFINITION: JsonObject = {
    "metadata": {"name": "boxes.example.com"},
    "spec": {
        "group": "example.com",
        "scope": "Namespaced",
        "names": {"plural": "boxes", "singular": "box", "kind": "Box", "shortNames": ["bx"]},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "additionalPrinterColumns": [{"name": "Size", "type": "integer", "jsonPath": ".spec.size"}],
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "properties": {
                            "size": {"type": "integer", "minimum": 1, "enum": [1, 2], "default": 1},
                            "list": {
                                "type": "array",
                                "x-kubernetes-list-type": "map",
                                "x-kubernetes-list-map-keys": ["k"],
                                "items": {"type": "object", "properties": {"k": {"type": "string"}}},
                            },
                        },
                        "x-kubernetes-validations": [{"rule": "self.size > 0"}],
                    }
                },
            }
        ],
    },
}


def spoiled(value: Any, wrong: Any) -> Iterator[Any]:
    """The value with each of its parts in turn replaced by `wrong`."""
    places = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for place, part in places:
        for spoiled_part in (wrong, *spoiled(part, wrong)):
            copy = deepcopy(value)
            copy[place] = spoiled_part
            yield copy


@pytest.mark.parametrize("wrong", WRONG, ids=repr)
async def test_a_wrong_value_anywhere_is_the_fault_of_the_client(api: Api, wrong: Any) -> None:
    definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    kinds = {api.group("apps/v1", "deployments"): DEPLOYMENT, api.core("services"): SERVICE, definitions: DEFINITION}
    for path, valid in kinds.items():
        for body in spoiled(valid, wrong):
            answer = await api.create(path, body, dryRun="All", fieldValidation="Strict")
            assert answer.status < 500, (body, answer.object)


@pytest.mark.parametrize("field", ["name", "uid", "resourceVersion", "namespace", "generateName"])
async def test_names_are_strings(api: Api, field: str) -> None:
    path = api.core("configmaps")
    await api.made(path, {"metadata": {"name": "a"}})
    assert (await api.put(f"{path}/a", {"metadata": {"name": "a", field: []}})).status == 400


async def test_the_types_in_a_schema_are_checked_and_named(api: Api) -> None:
    body = deepcopy(DEFINITION)
    body["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["size"]["minimum"] = "one"
    answer = await api.create("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", body)
    assert answer.status in {400, 422}
    assert "minimum" in answer.object["message"]
