"""The whole service: from objects in the Kubernetes API to answers, start to stop."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from kubeless.api.resource import FUNCTIONS, HTTP_TRIGGERS, Resource
from kubeless.core.jsontypes import JsonObject
from kubeless.core.settings import SettingError, load
from kubeless.gateway.service import Gateway, serve
from kubeless.gateway.settings import Settings
from kubeless.kube.client import Page
from kubeless.kube.resources import ENDPOINT_SLICES
from kubeless.kube.watch import WatchEvent

ENVIRONMENT = {
    "GATEWAY_HOST": "127.0.0.1",
    "GATEWAY_PORT": "0",
    "GATEWAY_ADMIN_HOST": "127.0.0.1",
    "GATEWAY_ADMIN_PORT": "0",
}


class Cluster:
    """Collections in memory that can be listed and watched."""

    def __init__(self) -> None:
        self._listed: dict[Resource, list[JsonObject]] = {}
        self._events: dict[Resource, asyncio.Queue[WatchEvent]] = {
            resource: asyncio.Queue() for resource in (FUNCTIONS, HTTP_TRIGGERS, ENDPOINT_SLICES)
        }

    def start_with(self, resource: Resource, obj: JsonObject) -> None:
        self._listed.setdefault(resource, []).append(obj)

    def happen(self, resource: Resource, kind: str, obj: JsonObject) -> None:
        self._events[resource].put_nowait(WatchEvent(kind, obj))

    async def list_page(self, resource: Resource, **_: Any) -> Page:
        return Page(items=self._listed.get(resource, []), resource_version="1", next="", size=0)

    async def watch(self, resource: Resource, **_: Any) -> AsyncGenerator[WatchEvent, None]:
        while True:
            yield await self._events[resource].get()


def metadata(name: str, **more: Any) -> JsonObject:
    return {"name": name, "namespace": "default", "resourceVersion": "2", **more}


def trigger(path: str, **spec: Any) -> JsonObject:
    return {"metadata": metadata("web"), "spec": {"function-name": "echo", "path": path, **spec}}


def endpoints(port: int) -> JsonObject:
    labels = {"kubernetes.io/service-name": "echo", "created-by": "kubeless"}
    return {
        "metadata": metadata("echo-x", labels=labels),
        "addressType": "IPv4",
        "ports": [{"name": "http-function-port", "port": port, "protocol": "TCP"}],
        "endpoints": [{"addresses": ["127.0.0.1"], "conditions": {"ready": True}}],
    }


@asynccontextmanager
async def echo() -> AsyncIterator[int]:
    """A function that answers with a constant."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi")
        writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


@asynccontextmanager
async def running(cluster: Cluster) -> AsyncIterator[tuple[Gateway, aiohttp.ClientSession]]:
    async with serve(load(Settings, ENVIRONMENT), cluster) as gateway, aiohttp.ClientSession() as session:
        yield gateway, session


async def status(session: aiohttp.ClientSession, port: int, path: str) -> int:
    async with session.get(f"http://127.0.0.1:{port}{path}") as response:
        await response.read()
        return response.status


async def becomes(session: aiohttp.ClientSession, port: int, path: str, wanted: int) -> None:
    async with asyncio.timeout(5):
        while await status(session, port, path) != wanted:
            pass


async def test_triggers_functions_and_endpoints_make_a_route() -> None:
    cluster = Cluster()
    async with echo() as port:
        cluster.start_with(FUNCTIONS, {"metadata": metadata("echo"), "spec": {}})
        cluster.start_with(ENDPOINT_SLICES, endpoints(port))
        cluster.start_with(HTTP_TRIGGERS, trigger("a"))
        async with running(cluster) as (gateway, session):
            assert await status(session, gateway.port, "/a") == 200
            assert await status(session, gateway.admin_port, "/readyz") == 200
            async with session.get(f"http://127.0.0.1:{gateway.admin_port}/metrics") as response:
                text = await response.text()
    assert 'outcome="answered",route="default/web",status="2xx"} 1.0' in text
    assert "kubeless_transport_requests_total 1.0" in text


async def test_a_change_of_a_trigger_takes_effect_within_100_milliseconds() -> None:
    cluster = Cluster()
    cluster.start_with(HTTP_TRIGGERS, trigger("a"))
    async with running(cluster) as (gateway, session):
        assert await status(session, gateway.port, "/a") == 503
        loop = asyncio.get_running_loop()
        begun = loop.time()
        cluster.happen(HTTP_TRIGGERS, "MODIFIED", trigger("b"))
        await becomes(session, gateway.port, "/b", 503)
        assert loop.time() - begun < 0.1
        assert await status(session, gateway.port, "/a") == 404
        cluster.happen(HTTP_TRIGGERS, "MODIFIED", trigger("b/../c"))
        await becomes(session, gateway.port, "/b", 404)
        assert list(gateway.feed.unusable) == [("default", "web")]
        cluster.happen(HTTP_TRIGGERS, "DELETED", trigger("b/../c"))
        async with asyncio.timeout(5):
            while gateway.feed.unusable:  # noqa: ASYNC110 - the feed has no event for tests
                await asyncio.sleep(0.005)


async def test_what_was_counted_for_a_trigger_goes_with_it() -> None:
    cluster = Cluster()
    cluster.start_with(HTTP_TRIGGERS, trigger("a"))
    async with running(cluster) as (gateway, session):
        assert await status(session, gateway.port, "/a") == 503
        cluster.happen(HTTP_TRIGGERS, "DELETED", trigger("a"))
        await becomes(session, gateway.port, "/a", 404)
        async with session.get(f"http://127.0.0.1:{gateway.admin_port}/metrics") as response:
            assert "default/web" not in await response.text()


async def test_an_unknown_routing_mode_is_refused_at_start() -> None:
    settings = load(Settings, {**ENVIRONMENT, "ROUTING_MODE": "magic"})
    with pytest.raises(SettingError, match="ROUTING_MODE"):
        async with serve(settings, Cluster()):
            pass
