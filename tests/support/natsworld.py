"""
The NATS subscriber as it runs in a cluster: an embedded API server, a nats-server, and a function that keeps a ledger.

What a test promises is checked against the ledger: what was published, what the function answered with success, and in
which order.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any
from uuid import uuid4

import aiohttp
import nats
from nats.aio.client import Client
from nats.errors import Error
from prometheus_client.parser import text_string_to_metric_families

from kubeless.api.crds import custom_resource_definitions
from kubeless.api.resource import FUNCTIONS, NATS_TRIGGERS
from kubeless.core.jsontypes import JsonObject
from kubeless.core.settings import load
from kubeless.kube.client import KubeClient
from kubeless.kube.errors import KubeError
from kubeless.kube.resources import CRDS, ENDPOINT_SLICES, NAMESPACES
from kubeless.local.apiserver.server import ApiServer
from kubeless.nats_subscriber.service import NatsSubscriber, serve
from kubeless.nats_subscriber.settings import Settings
from support.kafkaworld import Ledger, endpoint_slice, until

NAMESPACE = "default"

QUICK = {
    "ADMIN_HOST": "127.0.0.1",
    "ADMIN_PORT": "0",
    "KUBELESS_NAMESPACE": NAMESPACE,
    "NATS_PROBE_INTERVAL": "0.3",
    "NATS_STATUS_INTERVAL": "0.3",
    "NATS_STALL_INTERVAL": "0.3",
    "NATS_HEARTBEAT": "0.5",
    "NATS_ACK_WAIT": "1",
    "NATS_DRAIN_TIMEOUT": "3",
    "NATS_REQUEST_TIMEOUT": "1",
    "LEADER_ELECTION": "false",
}

RETRY = {"maxAttempts": 3, "initialDelay": 0.01, "maxDelay": 0.05}


def new_name() -> str:
    """A name that no other test uses."""
    return f"t{uuid4().hex[:8]}"


class World:
    """A cluster of one API server and one NATS, in which services can be started."""

    def __init__(self, client: KubeClient, url: str, stack: AsyncExitStack) -> None:
        self.client = client
        self.url = url
        self._stack = stack

    def settings(self, **environment: str) -> Settings:
        return load(Settings, QUICK | {"NATS_URL": self.url} | environment)

    @asynccontextmanager
    async def service(self, **environment: str) -> AsyncIterator[NatsSubscriber]:
        async with serve(self.settings(**environment), self.client) as running:
            yield running

    async def function(self, name: str = "greet", *, labels: dict[str, str] | None = None, **spec: Any) -> Ledger:
        """Make a function and where it lives."""
        ledger = await self._stack.enter_async_context(Ledger().serving())
        metadata = {"name": name, "namespace": NAMESPACE, "labels": labels or {"function": name}}
        body = {"handler": "a.b", "runtime": "python3.11", "function": "x", "timeout": "5"} | spec
        await self.client.create(FUNCTIONS, {**_kind(FUNCTIONS), "metadata": metadata, "spec": body})
        await self.client.create(ENDPOINT_SLICES, endpoint_slice(name, ledger.port))
        return ledger

    async def trigger(self, name: str = "orders", *, topic: str, function: str = "greet", **spec: Any) -> None:
        selector = spec.pop("functionSelector", {"matchLabels": {"function": function}})
        spec = {"topic": topic, "functionSelector": selector, "delivery": {"retry": RETRY}} | spec
        metadata = {"name": name, "namespace": NAMESPACE}
        await self.client.create(NATS_TRIGGERS, {**_kind(NATS_TRIGGERS), "metadata": metadata, "spec": spec})

    async def change(self, name: str = "orders", **spec: Any) -> None:
        await self.client.patch(NATS_TRIGGERS, name, {"spec": spec}, namespace=NAMESPACE)

    async def status(self, name: str = "orders") -> JsonObject:
        obj = await self.client.get(NATS_TRIGGERS, name, namespace=NAMESPACE)
        status: JsonObject = obj.get("status") or {}
        return status

    async def condition(self, kind: str, name: str = "orders") -> tuple[str, str]:
        """Status and reason of a condition; empty if it is not there yet."""
        for condition in (await self.status(name)).get("conditions") or []:
            if condition["type"] == kind:
                return condition["status"], condition["reason"]
        return "", ""

    async def until_condition(
        self, kind: str, status: str, reason: str = "", *, name: str = "orders", deadline: float = 20.0
    ) -> None:
        async def holds() -> bool:
            found = await self.condition(kind, name)
            return found[0] == status and (not reason or found[1] == reason)

        await until(holds, deadline=deadline)

    async def until_ready(self, name: str = "orders") -> None:
        await self.until_condition("Ready", "True", name=name)


@asynccontextmanager
async def make_world(url: str) -> AsyncIterator[World]:
    async with ApiServer() as server, await KubeClient.anonymous(server.url) as client, AsyncExitStack() as stack:
        for definition in custom_resource_definitions():
            await client.create(CRDS, definition)
        await until(lambda: _served(client))
        yield World(client, url, stack)


async def _served(client: KubeClient) -> bool:
    try:
        await client.list(NATS_TRIGGERS)
        await client.list(NAMESPACES)
    except KubeError:
        return False
    return True


@asynccontextmanager
async def connected(url: str, **options: Any) -> AsyncIterator[Client]:
    """A client of the test's own."""

    async def quiet(_: Exception) -> None:
        pass

    client = await nats.connect(url, error_cb=quiet, max_reconnect_attempts=-1, reconnect_time_wait=0.1, **options)
    try:
        yield client
    finally:
        await client.close()


async def api(client: Client, name: str, body: JsonObject | None = None) -> JsonObject:
    """One request to the JetStream API."""
    answer = await client.request(f"$JS.API.{name}", json.dumps(body).encode() if body else b"", timeout=5)
    found: JsonObject = json.loads(answer.data)
    assert "error" not in found, found
    return found


async def make_stream(client: Client, name: str, *subjects: str, **config: Any) -> None:
    body = {"name": name, "subjects": list(subjects), "storage": "file", **config}
    await api(client, f"STREAM.CREATE.{name}", body)


async def publish_all(client: Client, subject: str, bodies: list[bytes], **options: Any) -> None:
    """Publish in order to a stream; returns when all are stored."""
    js = client.jetstream()
    for body in bodies:
        await publish(js, subject, body, **options)


async def publish(js: Any, subject: str, body: bytes, **options: Any) -> None:
    """Publish once: what the server has stored, and could not say so, is not stored again."""
    headers = {"Nats-Msg-Id": f"{subject}:{body.decode()}", **options.pop("headers", {})}
    while True:
        try:
            await js.publish(subject, body, timeout=1, headers=headers, **options)
        except (Error, TimeoutError, OSError):
            await asyncio.sleep(0.05)
        else:
            return


async def metrics(port: int) -> dict[str, float]:
    """The sum over all labels of each series of a service, and of each reason of what was dropped."""
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/metrics") as response:
        text = await response.text()
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found[sample.name] = found.get(sample.name, 0.0) + sample.value
            if reason := sample.labels.get("reason"):
                found[f"{sample.name}:{reason}"] = found.get(f"{sample.name}:{reason}", 0.0) + sample.value
    return found


def _kind(resource: Any) -> JsonObject:
    return {"apiVersion": resource.api_version, "kind": resource.kind}
