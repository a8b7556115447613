"""A real NATS server with JetStream, and the admin routes in front of it."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from prometheus_client import CollectorRegistry

from kubeless.api.delivery import NATSDelivery
from kubeless.core.health import AdminServer
from kubeless.core.jsontypes import JsonObject
from kubeless.delivery.admin.redelivery import EngineRedelivery
from kubeless.delivery.counters import EventCounters
from kubeless.delivery.deadletter import DeadLetter
from kubeless.delivery.outcome import Answer, Exhausted
from kubeless.delivery.trigger import TriggerRef
from kubeless.kube.cache import ObjectKey
from kubeless.manage.natsnames import dead_letter_subject
from kubeless.nats_subscriber.admin_direct import DirectClients, connected
from kubeless.nats_subscriber.adminroutes import routes
from kubeless.nats_subscriber.deadletters import DeadLetters
from kubeless.nats_subscriber.jetstream import JetStream
from kubeless.nats_subscriber.records import core_event
from support.adminworld import Functions
from support.realnats import RealNats, has_nats

NAMESPACE = "team"

CONFIG = """
max_payload: 65536
accounts: {{ A: {{
  jetstream: {enabled}
  users: [
    {{ user: a, password: a }},
    {{ user: limited, password: a, permissions: {{ publish: {{ deny: "secret.>" }} }} }},
  ] }} }}
"""


@dataclass(frozen=True, slots=True)
class Context:
    """What the service gives the routes."""

    connection: DirectClients
    redelivery: EngineRedelivery


@dataclass(frozen=True, slots=True)
class Places:
    """What the service's sink of dead letters needs."""

    clients: DirectClients
    has_jetstream: bool | None = True

    def jetstream(self) -> JetStream:
        return self.clients.jetstream()


@dataclass(frozen=True, slots=True)
class World:
    """A server, functions, and the operations between them."""

    url: str
    clients: DirectClients
    functions: Functions
    admin_port: int
    http: aiohttp.ClientSession

    async def call(
        self, method: str, path: str, *, query: dict[str, str] | None = None, body: Any = None
    ) -> "Answered":
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        async with self.http.request(method, f"/{path}", params=query, data=data) as response:
            lines = [json.loads(line) for line in (await response.read()).splitlines()]
            return Answered(response.status, lines)

    async def bury(self, trigger: str, *letters: "Buried", to: str = "") -> str:
        """Write dead letters as the service does; their subject."""
        subject = to or dead_letter_subject(NAMESPACE, trigger)
        sink = DeadLetters(Places(self.clients), replicas=1).sink(subject)
        for number, letter in enumerate(letters):
            await sink.write(letter.letter(trigger, number))
        return subject

    async def stored(self, stream: str = "KUBELESS_DLQ") -> int:
        """How many messages a stream holds."""
        info = await self.clients.jetstream().stream(stream)
        return int(info["state"]["messages"]) if info is not None else 0

    async def make_stream(self, name: str, *subjects: str, **config: object) -> None:
        body = {"name": name, "subjects": list(subjects), "storage": "memory"} | config
        await self.clients.jetstream().request(f"STREAM.CREATE.{name}", body)


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer of the admin port."""

    status: int
    lines: list[JsonObject]

    @property
    def first(self) -> JsonObject:
        return self.lines[0]


@dataclass(frozen=True, slots=True)
class Buried:
    """A dead letter to write."""

    data: bytes = b'{"amount": 1}'
    function: str = "bill"
    namespace: str = NAMESPACE
    error: str = "answered 500"
    id: str = ""
    headers: tuple[tuple[str, str], ...] = (("trace", "abc"),)

    def letter(self, trigger: str, number: int) -> DeadLetter:
        """As the engine makes it."""
        event = core_event(
            "bills.new", self.data, dict(self.headers), identity=self.id or f"ORDERS/{number + 1}", reply="", now=1e9
        )
        return DeadLetter(
            event,
            TriggerRef("NATSTrigger", NAMESPACE, trigger),
            ObjectKey(self.namespace, self.function),
            Exhausted(Answer(500, self.error), 5, 1.0),
            first_time=1_767_225_600.0,
            last_time=1_767_225_660.0,
        )


@contextmanager
def nats_server(folder: Path, *, jetstream: bool = True) -> Iterator[str]:
    """A server of our own, with the users `a` and `limited`; its URL."""
    config = CONFIG.format(enabled="enabled" if jetstream else "disabled")
    with RealNats(folder, config=config, jetstream=jetstream) as server:
        yield server.url.replace("nats://", "nats://a:a@")


@asynccontextmanager
async def world_at(url: str) -> AsyncIterator[World]:
    """The admin routes in front of a server."""
    functions, registry = Functions(), CollectorRegistry()
    redelivery = EngineRedelivery(
        sender=functions,
        counters=EventCounters(registry),
        function=functions.record,
        delivery=lambda _: NATSDelivery.model_validate({"retry": {"maxAttempts": 2, "initialDelay": 0.01}}),
        ready=lambda: functions.known,
    )
    async with connected(url) as clients:
        admin_routes = routes(Context(clients, redelivery))
        async with (
            AdminServer("127.0.0.1", 0, registry, routes=admin_routes) as server,
            aiohttp.ClientSession(f"http://127.0.0.1:{server.port}") as http,
        ):
            yield World(url, clients, functions, server.port, http)


@pytest.fixture(autouse=True, scope="session")
def _needs_nats() -> None:
    if not has_nats():
        pytest.skip("there is no nats-server")


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    with nats_server(tmp_path / "nats") as url:
        async with world_at(url) as world:
            yield world
