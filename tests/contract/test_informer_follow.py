"""Copies of collections stay equal to what is on an API server."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

from kubeless.api.crds import custom_resource_definitions
from kubeless.core.backoff import Backoff
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.cache import ObjectKey
from kubeless.kube.client import KubeClient
from kubeless.kube.informer import Informer
from kubeless.kube.resources import CONFIG_MAPS, CRDS, ENDPOINT_SLICES
from kubeless.local.apiserver.server import ApiServer
from kubeless.routing.endpoints import Endpoint
from kubeless.routing.table import RoutingTable

DEADLINE = 10.0


def make_map(name: str, value: str) -> JsonObject:
    return {"metadata": {"name": name, "labels": {"suite": "informer"}}, "data": {"value": value}}


def follow_maps(client: KubeClient) -> Informer[str]:
    return Informer(
        client,
        CONFIG_MAPS,
        namespaces=[client.namespace],
        label_selector="suite=informer",
        transform=lambda obj: obj["data"]["value"],
        backoff=Backoff(maximum=0.2),
    )


class Changes:
    """What an informer told; `until` waits for a state of affairs."""

    def __init__(self, informer: Informer[str]) -> None:
        self.told: list[tuple[str, str | None, str | None]] = []
        self._changed = asyncio.Event()
        informer.subscribe(self._heard)

    def _heard(self, key: ObjectKey, old: str | None, new: str | None) -> None:
        self.told.append((key.name, old, new))
        self._changed.set()

    async def until(self, check: Callable[[], bool]) -> None:
        while not check():
            await self._changed.wait()
            self._changed.clear()


async def test_a_copy_begins_with_what_is_there_and_follows(client: KubeClient) -> None:
    await client.create(CONFIG_MAPS, make_map("a", "1"))
    informer = follow_maps(client)
    changes = Changes(informer)
    async with asyncio.timeout(DEADLINE), informer.running():
        await informer.wait_synced()
        assert changes.told == [("a", None, "1")]
        await client.create(CONFIG_MAPS, make_map("b", "1"))
        await client.patch(CONFIG_MAPS, "a", {"data": {"value": "2"}})
        await client.delete(CONFIG_MAPS, "b")
        await changes.until(lambda: len(changes.told) == 4)
    assert changes.told[1:] == [("b", None, "1"), ("a", "1", "2"), ("b", "1", None)]
    assert informer.values() == ["2"]


async def test_an_object_that_loses_its_label_leaves_the_copy(client: KubeClient) -> None:
    await client.create(CONFIG_MAPS, make_map("a", "1"))
    informer = follow_maps(client)
    changes = Changes(informer)
    async with asyncio.timeout(DEADLINE), informer.running():
        await informer.wait_synced()
        await client.patch(CONFIG_MAPS, "a", {"metadata": {"labels": {"suite": None}}})
        await changes.until(lambda: len(informer) == 0)
    assert changes.told[-1] == ("a", "1", None)


def make_slice(name: str, service: str) -> JsonObject:
    return {
        "metadata": {"name": name, "labels": {"kubernetes.io/service-name": service, "created-by": "kubeless"}},
        "addressType": "IPv4",
        "ports": [{"name": "http-function-port", "port": 8080}],
        "endpoints": [{"addresses": ["10.1.2.3"], "conditions": {"ready": True}}],
    }


async def test_a_change_takes_effect_without_being_asked_for(client: KubeClient) -> None:
    for definition in custom_resource_definitions():
        await client.apply(CRDS, definition, field_manager="contract", force=True)
    table = RoutingTable(client, namespaces=[client.namespace])
    heard: asyncio.Queue[ObjectKey] = asyncio.Queue()
    table.subscribe(heard.put_nowait)
    async with asyncio.timeout(DEADLINE), table.running():
        await table.wait_synced()
        await client.create(ENDPOINT_SLICES, make_slice("x", "first"))
        assert (await heard.get()).name == "first"
        await client.create(ENDPOINT_SLICES, make_slice("y", "second"))
        assert (await heard.get()).name == "second"
        assert table.endpoints(client.namespace, "second") == (Endpoint("10.1.2.3", 8080),)


async def test_a_copy_outlives_its_server_and_catches_up(tmp_path: Path) -> None:
    """Deletions and additions while it was away included."""
    async with asyncio.timeout(DEADLINE):
        async with AsyncExitStack() as stack:
            async with ApiServer(database=tmp_path / "state.db") as server:
                client = await stack.enter_async_context(await KubeClient.anonymous(server.url))
                for name in "ab":
                    await client.create(CONFIG_MAPS, make_map(name, "1"))
                informer = follow_maps(client)
                changes = Changes(informer)
                await stack.enter_async_context(informer.running())
                await informer.wait_synced()
            assert informer.values() == ["1", "1"]
            await stack.enter_async_context(ApiServer(database=tmp_path / "state.db", port=server.port))
            await client.delete(CONFIG_MAPS, "a")
            await client.create(CONFIG_MAPS, make_map("c", "1"))
            await changes.until(lambda: {("a", "1", None), ("c", None, "1")} <= set(changes.told))
    assert ("b", "1", None) not in changes.told
