"""A gateway between raw sockets: bytes in, and what a function behind it received, as llhttp reads it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import cast

import httptools
from prometheus_client import CollectorRegistry

from kubeless.api.selector import LabelSelector
from kubeless.core.settings import load
from kubeless.delivery.transport.transport import Transport
from kubeless.gateway.admission import Admission, admit
from kubeless.gateway.forward import Forwarder
from kubeless.gateway.http.limits import Limits
from kubeless.gateway.http.listener import Listener
from kubeless.gateway.incoming import Incoming
from kubeless.gateway.metrics import GatewayMetrics
from kubeless.gateway.route import Route
from kubeless.gateway.settings import Settings
from kubeless.gateway.table import RouteTable
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
    """One function, with its endpoints."""

    version = 0

    def __init__(self, *endpoints: Endpoint) -> None:
        self._endpoints = endpoints

    def function(self, namespace: str, name: str) -> FunctionRecord | None:
        return FunctionRecord(namespace, name, {}, timeout=5.0, port=8080, generation=1) if name == "echo" else None

    def select(self, _namespace: str, _selector: LabelSelector) -> list[FunctionRecord]:
        return []

    def endpoints(self, _namespace: str, _name: str) -> tuple[Endpoint, ...]:
        return self._endpoints


class Everybody:
    """An Admission that asks for no password."""

    def try_enter(self, incoming: Incoming, route: Route, **_: object) -> bool:
        admit(incoming, route)
        return True

    async def enter(self, incoming: Incoming, route: Route, **_: object) -> None:
        admit(incoming, route)

    def lets_all_in(self, _: Incoming, route: Route) -> bool:
        return not route.suspended

    def take_place(self, _: Route) -> bool:
        return True

    def leave(self, _: Route) -> None:
        return None


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


@asynccontextmanager
async def gateway(serve: Serve, *, limits: Limits = SHORT, route: Route = ECHO) -> AsyncIterator[World]:
    """A gateway with one route to one function, which is `serve`."""
    routes = RouteTable()
    routes.put(route)
    settings = load(Settings, {"GATEWAY_ACCESS_LOG": "false"})
    async with serving(serve) as endpoint, Transport() as transport:
        forwarder = Forwarder(
            settings,
            routes=routes,
            functions=Functions(endpoint),
            admission=cast(Admission, Everybody()),
            transport=transport,
            metrics=GatewayMetrics(CollectorRegistry()),
        )
        async with Listener(
            forwarder.begin, host="127.0.0.1", port=0, limits=limits, expressway=forwarder.expressway
        ) as listener:
            yield World(listener.port, listener, forwarder)


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
