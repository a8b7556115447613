"""
The gateway as it runs in a cluster: an embedded API server, functions that are small servers, and clients.
"""

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from kubeless.api.crds import custom_resource_definitions
from kubeless.api.resource import FUNCTIONS, HTTP_TRIGGERS
from kubeless.core.jsontypes import JsonObject
from kubeless.core.settings import load
from kubeless.gateway.service import Gateway, serve
from kubeless.gateway.settings import Settings
from kubeless.kube.client import KubeClient
from kubeless.kube.resources import CRDS, ENDPOINT_SLICES, SECRETS
from kubeless.local.apiserver.server import ApiServer

NAMESPACE = "default"
DEADLINE = 10.0

ENVIRONMENT = {
    "GATEWAY_HOST": "127.0.0.1",
    "GATEWAY_PORT": "0",
    "GATEWAY_TLS_PORT": "0",
    "GATEWAY_ADMIN_HOST": "127.0.0.1",
    "GATEWAY_ADMIN_PORT": "0",
    "GATEWAY_ACCESS_LOG": "false",
    "KUBELESS_NAMESPACE": NAMESPACE,
    "LEADER_ELECTION": "false",
}


@dataclass(frozen=True)
class Answer:
    """What a client got."""

    status: int
    headers: Mapping[str, str]
    body: str


@dataclass
class World:
    """Everything a test of the gateway needs."""

    client: KubeClient
    session: aiohttp.ClientSession
    stack: AsyncExitStack
    api: str
    """Where the API server is."""
    gateway: Gateway = field(init=False)

    async def start(self, **environment: str) -> None:
        """Start the gateway; what is in the cluster by then, it knows when it is ready."""
        settings = load(Settings, {**ENVIRONMENT, **environment})
        self.gateway = await self.stack.enter_async_context(serve(settings, self.client))

    async def function(self, name: str, answer: str | None = None, **metadata: Any) -> None:
        """A function with one endpoint that answers with a constant, by default its name."""
        port = await self.stack.enter_async_context(answering((answer or name).encode()))
        meta = {"namespace": NAMESPACE, "name": name, **metadata}
        await self.client.create(FUNCTIONS, _object(FUNCTIONS.api_version, "Function", meta, spec={}))
        labels = {"kubernetes.io/service-name": name, "created-by": "kubeless"}
        await self.client.create(
            ENDPOINT_SLICES,
            _object(
                ENDPOINT_SLICES.api_version,
                "EndpointSlice",
                {"namespace": NAMESPACE, "name": f"{name}-1", "labels": labels},
                addressType="IPv4",
                ports=[{"name": "http-function-port", "port": port, "protocol": "TCP"}],
                endpoints=[{"addresses": ["127.0.0.1"], "conditions": {"ready": True}}],
            ),
        )

    async def trigger(self, name: str, **spec: Any) -> None:
        """A trigger; underscores in the names of fields stand for dashes."""
        fields = {key.replace("_", "-"): value for key, value in spec.items()}
        if "functionSelector" not in fields:
            fields.setdefault("function-name", "echo")
        meta = {"namespace": NAMESPACE, "name": name}
        await self.client.create(HTTP_TRIGGERS, _object(HTTP_TRIGGERS.api_version, "HTTPTrigger", meta, spec=fields))

    async def secret(self, name: str, **data: bytes) -> None:
        """A Secret, new or with other content; double underscores in keys stand for dots."""
        encoded = {key.replace("__", "."): base64.b64encode(value).decode() for key, value in data.items()}
        body = _object("v1", "Secret", {"namespace": NAMESPACE, "name": name}, data=encoded)
        await self.client.apply(SECRETS, body, field_manager="test", force=True)

    async def delete_secret(self, name: str) -> None:
        """Take a Secret away."""
        await self.client.delete(SECRETS, name, namespace=NAMESPACE)

    async def get(self, path: str, *, method: str = "GET", **headers: str) -> Answer:
        """Ask without TLS; underscores in the names of headers stand for dashes."""
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        url = f"http://127.0.0.1:{self.gateway.port}{path}"
        async with self.session.request(method, url, headers=fields, allow_redirects=False) as response:
            return Answer(response.status, response.headers, await response.text())

    async def get_tls(self, path: str, *, host: str, trust: ssl.SSLContext, **headers: str) -> Answer:
        """Ask by TLS, with the name of the host in the handshake; fails as the handshake does."""
        fields = {"Host": host, **{name.replace("_", "-"): value for name, value in headers.items()}}
        url = f"https://127.0.0.1:{self.gateway.tls_port}{path}"
        async with (
            aiohttp.ClientSession() as session,
            session.get(url, headers=fields, ssl=trust, server_hostname=host) as response,
        ):
            return Answer(response.status, response.headers, await response.text())

    async def metrics(self) -> str:
        """What Prometheus would read."""
        async with self.session.get(f"http://127.0.0.1:{self.gateway.admin_port}/metrics") as response:
            return await response.text()

    async def condition(self, trigger: str, kind: str) -> JsonObject:
        """One condition of a trigger; empty if there is none."""
        found = await self.client.get(HTTP_TRIGGERS, trigger, namespace=NAMESPACE)
        conditions = (found.get("status") or {}).get("conditions") or []
        return next((condition for condition in conditions if condition["type"] == kind), {})

    async def wait_condition(self, trigger: str, kind: str, status: str, reason: str) -> JsonObject:
        """Wait for a condition to be so."""
        condition: JsonObject = {}

        async def holds() -> bool:
            nonlocal condition
            condition = await self.condition(trigger, kind)
            return (condition.get("status"), condition.get("reason")) == (status, reason)

        await until(holds, what=lambda: f"{trigger}: {kind} {status} {reason}, not {condition}")
        return condition

    async def wait_status(self, path: str, status: int, **headers: str) -> Answer:
        """Ask until the answer has this status."""
        answer = await self.get(path, **headers)

        async def answered() -> bool:
            nonlocal answer
            answer = await self.get(path, **headers)
            return answer.status == status

        await until(answered, what=lambda: f"{path}: {status}, not {answer}")
        return answer


async def until(holds: Callable[[], Awaitable[bool]], *, what: Callable[[], str] = lambda: "it") -> None:
    """Wait for a condition; fails with what was waited for."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + DEADLINE
    while not await holds():
        assert loop.time() < deadline, f"waited in vain for {what()}"
        await asyncio.sleep(0.01)


@asynccontextmanager
async def world() -> AsyncIterator[World]:
    """A cluster without a gateway yet."""
    async with AsyncExitStack() as stack:
        api = await stack.enter_async_context(ApiServer())
        client = await stack.enter_async_context(await KubeClient.anonymous(api.url))
        for definition in custom_resource_definitions():
            await client.apply(CRDS, definition, field_manager="test", force=True)
        session = await stack.enter_async_context(aiohttp.ClientSession())
        yield World(client, session, stack, api.url)


@asynccontextmanager
async def answering(body: bytes) -> AsyncIterator[int]:
    """A function that answers with a constant; yields its port."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


def _object(api_version: str, kind: str, metadata: JsonObject, **parts: Any) -> JsonObject:
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **parts}
