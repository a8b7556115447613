"""The controller beside an API server: functions to make, and how to wait for what becomes of them."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from kubeless.api.crds import custom_resource_definitions
from kubeless.api.resource import CUSTOM_RESOURCES, FUNCTIONS, Resource
from kubeless.controller.settings import Settings
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.client import KubeClient
from kubeless.kube.errors import AlreadyExists, KubeError, NotFound
from kubeless.kube.resources import CONFIG_MAPS, CRDS, DEPLOYMENTS, SERVICES
from kubeless.local.apiserver.server import ApiServer

CHILDREN = (CONFIG_MAPS, SERVICES, DEPLOYMENTS)
SETTINGS = Settings(admin_host="127.0.0.1", admin_port=0, leader_election=False)
PATIENCE = 60.0


async def eventually(ask: Callable[[], Awaitable[Any]]) -> Any:
    """Wait until `ask` returns something true, and return it. An object that is not there yet is not true."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            if found := await ask():
                return found
        except NotFound:
            pass
        assert time.monotonic() < deadline, "did not happen in time"
        await asyncio.sleep(0.02)


@asynccontextmanager
async def embedded_cluster() -> AsyncIterator[KubeClient]:
    """A client of an empty API server that knows our kinds."""
    async with ApiServer() as server, await KubeClient.anonymous(server.url) as client:
        await define_kinds(client)
        yield client


async def define_kinds(client: KubeClient) -> None:
    """Make our kinds known, and wait until they are served, a moment after they were stored."""
    for definition in custom_resource_definitions():
        try:
            await client.create(CRDS, definition)
        except AlreadyExists:
            continue

    async def served() -> bool:
        try:
            for resource in CUSTOM_RESOURCES:
                await client.list_page(resource, limit=1)
        except KubeError:
            return False
        return True

    await eventually(served)


def function_object(name: str = "echo", **spec: Any) -> JsonObject:
    labels = {"created-by": "kubeless", "function": name}
    base = {"runtime": "python3.11", "handler": "app.run", "function": "def run(event, context): pass"}
    return {
        "apiVersion": FUNCTIONS.api_version,
        "kind": "Function",
        "metadata": {"name": name, "labels": labels},
        "spec": {**base, **spec},
    }


async def condition(client: KubeClient, kind: str = "Ready", name: str = "echo") -> JsonObject:
    obj = await client.get(FUNCTIONS, name)
    conditions = obj.get("status", {}).get("conditions", [])
    current = obj.get("status", {}).get("observedGeneration") == obj["metadata"]["generation"]
    return next((item for item in conditions if item["type"] == kind and current), {})


async def reason(client: KubeClient, expected: str, name: str = "echo") -> JsonObject:
    async def ask() -> JsonObject | None:
        found = await condition(client, name=name)
        return found if found.get("reason") == expected else None

    found: JsonObject = await eventually(ask)
    return found


async def merge_patch(
    client: KubeClient, resource: Resource, patch: JsonObject, subresource: str | None = None
) -> JsonObject:
    return await client.patch(resource, "echo", patch, subresource=subresource)
