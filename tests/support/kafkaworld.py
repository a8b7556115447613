"""
The Kafka consumer as it runs in a cluster: an embedded API server, a broker, and a function that keeps a ledger.

What a test promises is checked against the ledger: what was published, what the function answered with success, and in
which order.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from aiohttp import web
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import GroupCoordinatorNotAvailableError

from kubeless.api.crds import custom_resource_definitions
from kubeless.api.resource import FUNCTIONS, KAFKA_TRIGGERS
from kubeless.core.jsontypes import JsonObject
from kubeless.core.settings import load
from kubeless.kafka_consumer.service import KafkaConsumer, serve
from kubeless.kafka_consumer.settings import Settings
from kubeless.kube.client import KubeClient
from kubeless.kube.errors import KubeError
from kubeless.kube.resources import CRDS, ENDPOINT_SLICES, NAMESPACES
from kubeless.local.apiserver.server import ApiServer

DEADLINE = 60.0

NAMESPACE = "default"

QUICK = {
    "ADMIN_HOST": "127.0.0.1",
    "ADMIN_PORT": "0",
    "KUBELESS_NAMESPACE": NAMESPACE,
    "KAFKA_SESSION_TIMEOUT": "6",
    "KAFKA_COMMIT_INTERVAL": "0.05",
    "KAFKA_PROBE_INTERVAL": "0.5",
    "KAFKA_STATUS_INTERVAL": "0.5",
    "KAFKA_REVOKE_TIMEOUT": "3",
    "KAFKA_DRAIN_TIMEOUT": "3",
    "KAFKA_REQUEST_TIMEOUT": "5",
    "LEADER_ELECTION": "false",
}

RETRY = {"maxAttempts": 3, "initialDelay": 0.01, "maxDelay": 0.05}


@dataclass
class Call:
    """One request that reached the function."""

    body: bytes
    headers: dict[str, str]
    key: str


Answer = Callable[[Call], Awaitable[web.StreamResponse]]


async def ok(_: Call) -> web.StreamResponse:
    return web.Response(text="ok")


@dataclass
class Ledger:
    """A function: answers as told, and keeps what it has answered with success, in order."""

    answer: Answer = ok
    calls: list[Call] = field(default_factory=list)
    done: list[Call] = field(default_factory=list)
    port: int = 0
    host: str = "127.0.0.1"
    _runner: web.ServerRunner | None = None

    @property
    def bodies(self) -> list[bytes]:
        return [call.body for call in self.done]

    @property
    def ids(self) -> Counter[str]:
        """How often each event was taken."""
        return Counter(call.headers["event-id"] for call in self.done)

    async def until_done(self, count: int, *, deadline: float = DEADLINE) -> None:
        """Wait until that many events were taken."""
        await until(lambda: len(self.done) >= count, deadline=deadline)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.content.read()  # `request.read` has a bound of its own
        headers = {name.lower(): value for name, value in request.headers.items()}
        call = Call(body, headers, headers.get("ce-kafkakey", ""))
        self.calls.append(call)
        response = await self.answer(call)
        if 200 <= response.status < 300:
            self.done.append(call)
        return response

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["Ledger"]:
        await self.come_back()
        try:
            yield self
        finally:
            await self.die()

    async def come_back(self) -> None:
        """Listen, where it listened before if it did."""
        self._runner = web.ServerRunner(web.Server(self.handle), shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, self.host, self.port).start()
        self.port = self._runner.addresses[0][1]

    async def die(self) -> None:
        """Listen no more; what is under way is cut off."""
        if self._runner is not None:
            await self._runner.cleanup()
        self._runner = None


def new_topic() -> str:
    """A name that no other test uses: the real broker serves all of them."""
    return f"t-{uuid4().hex[:8]}"


async def until(condition: Callable[[], bool | Awaitable[bool]], *, deadline: float = DEADLINE) -> None:
    """Wait for what other tasks and processes bring about."""
    async with asyncio.timeout(deadline):
        while True:
            result = condition()
            if result if isinstance(result, bool) else await result:
                return
            await asyncio.sleep(0.02)


class World:
    """A cluster of one API server and one broker, in which services can be started."""

    def __init__(self, client: KubeClient, bootstrap: str, stack: AsyncExitStack) -> None:
        self.client = client
        self.bootstrap = bootstrap
        self._stack = stack

    def settings(self, **environment: str) -> Settings:
        return load(Settings, QUICK | {"KAFKA_BROKERS": self.bootstrap} | environment)

    @asynccontextmanager
    async def service(self, **environment: str) -> AsyncIterator[KafkaConsumer]:
        async with serve(self.settings(**environment), self.client) as running:
            yield running

    async def function(self, name: str = "greet", *, labels: dict[str, str] | None = None, **spec: Any) -> Ledger:
        """Make a function and where it lives."""
        ledger = await self._stack.enter_async_context(Ledger().serving())
        metadata = {"name": name, "namespace": NAMESPACE, "labels": labels or {"function": name}}
        await self.client.create(FUNCTIONS, {**_kind(FUNCTIONS), "metadata": metadata, "spec": _function_spec(spec)})
        await self.client.create(ENDPOINT_SLICES, endpoint_slice(name, ledger.port))
        return ledger

    async def trigger(self, name: str = "orders", *, topic: str, function: str = "greet", **spec: Any) -> None:
        selector = spec.pop("functionSelector", {"matchLabels": {"function": function}})
        metadata = {"name": name, "namespace": NAMESPACE}
        spec = {
            "topic": topic,
            "functionSelector": selector,
            "startFrom": "earliest",
            "delivery": {"retry": RETRY},
        } | spec
        await self.client.create(KAFKA_TRIGGERS, {**_kind(KAFKA_TRIGGERS), "metadata": metadata, "spec": spec})

    async def change(self, name: str = "orders", **spec: Any) -> None:
        await self.client.patch(KAFKA_TRIGGERS, name, {"spec": spec}, namespace=NAMESPACE)

    async def status(self, name: str = "orders") -> JsonObject:
        obj = await self.client.get(KAFKA_TRIGGERS, name, namespace=NAMESPACE)
        status: JsonObject = obj.get("status") or {}
        return status

    async def condition(self, kind: str, name: str = "orders") -> tuple[str, str]:
        """Status and reason of a condition; empty if it is not there yet."""
        for condition in (await self.status(name)).get("conditions") or []:
            if condition["type"] == kind:
                return condition["status"], condition["reason"]
        return "", ""

    async def until_condition(self, kind: str, status: str, reason: str = "", *, name: str = "orders") -> None:
        async def holds() -> bool:
            found = await self.condition(kind, name)
            return found[0] == status and (not reason or found[1] == reason)

        await until(holds)

    async def make_topic(self, topic: str, partitions: int = 1, **configs: str) -> None:
        """`configs` are by Kafka's names with underscores for dots, such as `max_message_bytes`."""
        settings = {name.replace("_", "."): value for name, value in configs.items()}
        async with admin(self.bootstrap) as client:
            await client.create_topics([NewTopic(topic, partitions, 1, topic_configs=settings)])

    async def publish(self, topic: str, *bodies: bytes | None, **options: Any) -> None:
        """Publish in order."""
        async with producer(self.bootstrap) as sender:
            for body in bodies:
                await sender.send_and_wait(topic, body, **options)

    async def publish_many(self, topic: str, count: int, *, keys: int = 10) -> list[bytes]:
        """Publish `count` numbered records with `keys` keys in turn; returns the bodies."""
        bodies = [b"%d" % number for number in range(count)]
        async with producer(self.bootstrap) as sender:
            sent = [await sender.send(topic, body, key=b"k%d" % (int(body) % keys)) for body in bodies]
            await asyncio.gather(*sent)
        return bodies

    async def read_all(self, topic: str) -> list[Any]:
        """All records of a topic."""
        async with admin(self.bootstrap) as client, reader(self.bootstrap) as consumer:
            described = await client.describe_topics([topic])
            partitions = [TopicPartition(topic, each["partition"]) for each in described[0]["partitions"]]
            consumer.assign(partitions)
            await consumer.seek_to_beginning(*partitions)
            ends = await consumer.end_offsets(partitions)
            found: list[Any] = []
            while len(found) < sum(ends.values()):
                for records in (await consumer.getmany(timeout_ms=200)).values():
                    found += records
            return found

    async def until_committed(self, function: str, topic: str, count: int, *, trigger: str = "orders") -> None:
        """Wait until the group of a trigger and function has acknowledged `count` records of a new topic."""
        group = f"{NAMESPACE}_{trigger}_{function}_{topic}"

        async def acknowledged() -> bool:
            return sum((await self.committed(group)).values()) == count

        await until(acknowledged)

    async def committed(self, group: str) -> dict[int, int]:
        async with admin(self.bootstrap) as client:
            try:
                found = await client.list_consumer_group_offsets(group)
            except GroupCoordinatorNotAvailableError:
                return {}  # The first group of a new Kafka: it makes its topic of offsets.
        return {tp.partition: value.offset for tp, value in found.items()}


@asynccontextmanager
async def producer(bootstrap: str) -> AsyncIterator[AIOKafkaProducer]:
    client = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", max_request_size=32 << 20)
    await client.start()
    try:
        yield client
    finally:
        await client.stop()


@asynccontextmanager
async def reader(bootstrap: str) -> AsyncIterator[AIOKafkaConsumer]:
    client = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    await client.start()
    try:
        yield client
    finally:
        await client.stop()


@asynccontextmanager
async def admin(bootstrap: str) -> AsyncIterator[AIOKafkaAdminClient]:
    client = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await client.start()
    try:
        yield client
    finally:
        await client.close()


def endpoint_slice(function: str, port: int) -> JsonObject:
    labels = {"kubernetes.io/service-name": function, "created-by": "kubeless"}
    return {
        **_kind(ENDPOINT_SLICES),
        "metadata": {"name": f"{function}-x", "namespace": NAMESPACE, "labels": labels},
        "addressType": "IPv4",
        "ports": [{"name": "http-function-port", "port": port, "protocol": "TCP"}],
        "endpoints": [{"addresses": ["127.0.0.1"], "conditions": {"ready": True}}],
    }


def _kind(resource: Any) -> JsonObject:
    return {"apiVersion": resource.api_version, "kind": resource.kind}


def _function_spec(more: JsonObject) -> JsonObject:
    return {"handler": "a.b", "runtime": "python3.11", "function": "x", "timeout": "5"} | more


@asynccontextmanager
async def make_world(bootstrap: str) -> AsyncIterator[World]:
    async with ApiServer() as server, await KubeClient.anonymous(server.url) as client, AsyncExitStack() as stack:
        for definition in custom_resource_definitions():
            await client.create(CRDS, definition)
        await until(lambda: _served(client))
        yield World(client, bootstrap, stack)


async def _served(client: KubeClient) -> bool:
    try:
        await client.list(KAFKA_TRIGGERS)
        await client.list(NAMESPACES)
    except KubeError:
        return False
    return True
