"""What the controller does about triggers: they go with their function, wherever it looks."""

from dataclasses import replace
from typing import Any

import pytest

from kubeless.api.resource import CRONJOB_TRIGGERS, FUNCTIONS, HTTP_TRIGGERS, Resource
from kubeless.controller.service import serve
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.client import KubeClient
from kubeless.kube.resources import CONFIG_MAPS, DEPLOYMENTS, NAMESPACES
from support.controllerworld import SETTINGS, eventually, function_object, reason

SPECS: dict[Resource, JsonObject] = {
    HTTP_TRIGGERS: {"host-name": "a.example.com"},
    CRONJOB_TRIGGERS: {"schedule": "@daily"},
}


def trigger(resource: Resource, name: str, **spec: Any) -> JsonObject:
    return {
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        "metadata": {"name": name, "namespace": "default"},
        "spec": {**SPECS[resource], **spec},
    }


async def names(client: KubeClient, resource: Resource) -> set[str]:
    return {item["metadata"]["name"] for item in (await client.list(resource)).items}


async def bound(client: KubeClient, resource: Resource, name: str) -> None:
    async def ask() -> bool:
        return bool((await client.get(resource, name)).get("status", {}).get("boundFunction"))

    await eventually(ask)


@pytest.mark.parametrize("resource", SPECS, ids=lambda resource: resource.kind)
async def test_triggers_go_with_the_function_they_name(client: KubeClient, resource: Resource) -> None:
    await client.create(resource, trigger(resource, "mine", **{"function-name": "echo"}))
    await client.create(resource, trigger(resource, "other", **{"function-name": "later"}))
    await client.create(resource, trigger(resource, "many", functionSelector={"matchLabels": {"function": "echo"}}))
    async with serve(SETTINGS, client):
        await client.create(FUNCTIONS, function_object())
        await bound(client, resource, "mine")
        await client.delete(FUNCTIONS, "echo")

        async def gone() -> bool:
            return await names(client, resource) == {"other", "many"}

        await eventually(gone)


@pytest.mark.parametrize("resource", SPECS, ids=lambda resource: resource.kind)
async def test_what_happened_while_nobody_looked_is_made_up_for(client: KubeClient, resource: Resource) -> None:
    await client.create(FUNCTIONS, function_object())
    await client.create(resource, trigger(resource, "mine", **{"function-name": "echo"}))
    async with serve(SETTINGS, client):
        await bound(client, resource, "mine")
    await client.delete(FUNCTIONS, "echo")
    await client.create(FUNCTIONS, function_object())
    await client.create(resource, trigger(resource, "new", **{"function-name": "echo"}))
    async with serve(SETTINGS, client):
        await bound(client, resource, "new")

        async def gone() -> bool:
            return await names(client, resource) == {"new"}

        await eventually(gone)


async def test_another_functions_namespace_takes_effect_without_a_restart(client: KubeClient) -> None:
    await client.create(NAMESPACES, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "kubeless-config"}}
    await client.create(CONFIG_MAPS, {**config, "data": {"functions-namespace": "shop"}})
    await client.create(FUNCTIONS, function_object())
    elsewhere = function_object()
    elsewhere["metadata"]["namespace"] = "shop"
    await client.create(FUNCTIONS, elsewhere)
    async with serve(replace(SETTINGS, kubeless_namespace="default"), client):
        await eventually(lambda: client.get(DEPLOYMENTS, "echo", namespace="shop"))
        assert not (await client.list(DEPLOYMENTS, namespace="default")).items
        await client.patch(CONFIG_MAPS, "kubeless-config", {"data": {"functions-namespace": "default"}})
        await reason(client, "Progressing")
        await client.patch(CONFIG_MAPS, "kubeless-config", {"data": {"functions-namespace": ""}})
        await client.create(FUNCTIONS, {**elsewhere, "metadata": {"name": "late", "namespace": "shop"}})
        await eventually(lambda: client.get(DEPLOYMENTS, "late", namespace="shop"))
