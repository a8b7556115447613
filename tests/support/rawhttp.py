"""A gateway between raw sockets: bytes in, and what a function behind it received, as llhttp reads it."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import httptools
from prometheus_client import CollectorRegistry

from kubeless.api.resource import Resource
from kubeless.api.selector import LabelSelector
from kubeless.core.jsontypes import JsonObject
from kubeless.core.settings import load
from kubeless.core.tracing import Tracer
from kubeless.delivery.transport.caller import Caller
from kubeless.delivery.transport.connection import Connection
from kubeless.delivery.transport.transport import Transport
from kubeless.gateway.accesslog import AccessLog
from kubeless.gateway.admission import Admission
from kubeless.gateway.basicauth import PasswordCheck
from kubeless.gateway.forward import Forwarder
from kubeless.gateway.http.limits import Limits
from kubeless.gateway.http.listener import Listener
from kubeless.gateway.limits import RouteLimits
from kubeless.gateway.metrics import GatewayMetrics
from kubeless.gateway.protection import Protection
from kubeless.gateway.route import Route
from kubeless.gateway.secretwatch import SecretWatch
from kubeless.gateway.settings import Settings
from kubeless.gateway.table import RouteTable
from kubeless.kube.client import Page
from kubeless.kube.watch import WatchEvent
from kubeless.routing.endpoints import Endpoint
from kubeless.routing.functions import FunctionRecord

ECHO = Route(key=("default", "web"), host="", prefix="/echo", namespace="default", function="echo", timeout=0.5)
SHORT = Limits(head_timeout=0.2, idle_timeout=0.2, body_timeout=0.2, linger=0.2, write_timeout=0.5)

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Received:
    """One request as llhttp reads it."""

    method: str = ""
    target: bytes = b""
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""
    complete: bool = False


class Recorder:
    """A function that answers `ok` to everything and keeps what it got. The `on_` methods are llhttp's callbacks."""

    def __init__(self, answer: bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok") -> None:
        self.requests: list[Received] = []
        self.errors: list[str] = []
        self.raw = b""
        self._answer = answer

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        parser = httptools.HttpRequestParser(callbacks := _Callbacks(self))
        while data := await reader.read(1 << 16):
            self.raw += data
            try:
                parser.feed_data(data)
            except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
                self.errors.append(repr(error))
                return
            while callbacks.answered < callbacks.complete:
                callbacks.answered += 1
                writer.write(self._answer)
            callbacks.method(parser)


class _Callbacks:
    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._current = Received()
        self.complete = 0
        self.answered = 0

    def method(self, parser: httptools.HttpRequestParser) -> None:
        if self._recorder.requests:
            self._recorder.requests[-1].method = parser.get_method().decode()

    def on_message_begin(self) -> None:
        self._current = Received()
        self._recorder.requests.append(self._current)

    def on_url(self, url: bytes) -> None:
        self._current.target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._current.headers.append((name, value))

    def on_body(self, body: bytes) -> None:
        self._current.body += body

    def on_message_complete(self) -> None:
        self._current.complete = True
        self.complete += 1


class Functions:
    """Functions that all have the same endpoints, which may change."""

    def __init__(self, *endpoints: Endpoint) -> None:
        self.version = 0
        self.names = {"echo"}
        self._endpoints = endpoints

    def change(self, *endpoints: Endpoint) -> None:
        self.version += 1
        self._endpoints = endpoints

    def function(self, namespace: str, name: str) -> FunctionRecord | None:
        known = name in self.names
        return FunctionRecord(namespace, name, {}, timeout=5.0, port=8080, generation=1) if known else None

    def select(self, _namespace: str, _selector: LabelSelector) -> list[FunctionRecord]:
        return []

    def endpoints(self, _namespace: str, _name: str) -> tuple[Endpoint, ...]:
        return self._endpoints


class NoCluster:
    """A Kubernetes API in which nothing is asked for: routes of these tests name no Secret."""

    async def list_page(self, resource: Resource, **_: Any) -> Page:
        raise AssertionError(resource)

    def watch(self, resource: Resource, **_: Any) -> AsyncGenerator[WatchEvent, None]:
        raise AssertionError(resource)


class Watched(Transport):
    """Knows how many requests took the express way."""

    asked = 0

    def ask(
        self, caller: Caller, message: bytes, endpoints: Sequence[Endpoint], *, read: float | None
    ) -> Connection | None:
        connection = super().ask(caller, message, endpoints, read=read)
        self.asked += connection is not None
        return connection


@asynccontextmanager
async def serving(serve: Serve) -> AsyncIterator[Endpoint]:
    """A raw server in the place of a function."""
    tasks = set[asyncio.Task[None]]()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await serve(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            tasks.discard(task)
            writer.close()

    listener = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        host, port = listener.sockets[0].getsockname()[:2]
        yield Endpoint(host, port)
    finally:
        listener.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@dataclass(frozen=True)
class World:
    """A gateway with one route, /echo."""

    port: int
    listener: Listener
    forwarder: Forwarder
    routes: RouteTable
    functions: Functions
    transport: Watched
    registry: CollectorRegistry
    log: list[JsonObject]
    """Lines of the access log, once it is flushed."""

    def counted(self) -> dict[tuple[str, str, str], float]:
        """Requests by route, outcome and code."""
        found: dict[tuple[str, str, str], float] = {}
        for metric in self.registry.collect():
            for sample in metric.samples:
                if sample.name == "kubeless_gateway_requests_total":
                    key = (sample.labels["route"], sample.labels["outcome"], sample.labels["code"])
                    found[key] = found.get(key, 0) + sample.value
        return found


@asynccontextmanager
async def gateway(
    serve: Serve, *, limits: Limits = SHORT, route: Route = ECHO, in_flight: int = 0, tracer: Tracer | None = None
) -> AsyncIterator[World]:
    """A gateway with one route to one function, which is `serve`. `in_flight` limits the requests of the route."""
    routes, registry, lines = RouteTable(), CollectorRegistry(), list[JsonObject]()
    routes.put(route)
    settings = load(Settings, {"GATEWAY_ACCESS_LOG": "true"})
    access_log = AccessLog(
        enabled=True, sample=1.0, write=lambda text: lines.extend(json.loads(line) for line in text.splitlines())
    )
    async with serving(serve) as endpoint, Watched() as transport, PasswordCheck() as passwords:
        route_limits = RouteLimits(in_flight=in_flight, queued=0, patience=0)
        functions = Functions(endpoint)
        forwarder = Forwarder(
            settings,
            routes=routes,
            functions=functions,
            admission=Admission(Protection(SecretWatch(NoCluster())), passwords, route_limits),
            transport=transport,
            metrics=GatewayMetrics(registry),
            access_log=access_log,
            tracer=tracer,
        )
        async with Listener(
            forwarder.begin, host="127.0.0.1", port=0, limits=limits, expressway=forwarder.expressway
        ) as listener:
            yield World(listener.port, listener, forwarder, routes, functions, transport, registry, lines)
    access_log.close()


async def talk(port: int, *pieces: bytes, pause: float = 0.0, timeout: float = 5.0) -> bytes:
    """Send pieces, `pause` seconds apart, and read until the gateway closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        async with asyncio.timeout(timeout):
            reading = asyncio.ensure_future(_all(reader))
            for piece in pieces:
                writer.write(piece)
                if pause:
                    await asyncio.wait({reading}, timeout=pause)
                if reading.done():
                    break
            return await reading
    finally:
        writer.close()


async def _all(reader: asyncio.StreamReader) -> bytes:
    """What comes until the end, or until the connection breaks."""
    answer = b""
    with suppress(ConnectionError):
        while data := await reader.read(1 << 16):
            answer += data
    return answer


def statuses(answer: bytes) -> tuple[int, ...]:
    """The status of each answer in what a client received, as llhttp reads them."""
    found: list[int] = []

    class Callbacks:
        def on_headers_complete(self) -> None:
            found.append(parser.get_status_code())

    parser = httptools.HttpResponseParser(Callbacks())
    with suppress(httptools.HttpParserUpgrade):
        parser.feed_data(answer)
    return tuple(found)
