"""The gateway between real sockets: what clients see of functions, good and bad."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from kubeless.api.resource import Resource
from kubeless.api.selector import LabelSelector
from kubeless.core.settings import load
from kubeless.delivery.transport.transport import Transport
from kubeless.gateway.admission import Admission
from kubeless.gateway.basicauth import PasswordCheck
from kubeless.gateway.forward import Forwarder
from kubeless.gateway.limits import RouteLimits
from kubeless.gateway.metrics import GatewayMetrics
from kubeless.gateway.protection import Protection
from kubeless.gateway.route import Route
from kubeless.gateway.secretwatch import SecretWatch
from kubeless.gateway.server import Server
from kubeless.gateway.settings import Settings, client_limits
from kubeless.gateway.table import RouteTable
from kubeless.kube.client import Page
from kubeless.kube.watch import WatchEvent
from kubeless.routing.endpoints import Endpoint
from kubeless.routing.functions import FunctionRecord

SETTINGS = load(Settings, {})
ECHO = Route(key=("default", "web"), host="", prefix="/echo", namespace="default", function="echo")

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Table:
    """Every function that has endpoints exists."""

    version = 0

    def __init__(self, **endpoints: tuple[Endpoint, ...]) -> None:
        self.known = endpoints

    def function(self, namespace: str, name: str) -> FunctionRecord | None:
        if namespace != "default" or name not in self.known:
            return None
        return FunctionRecord(namespace, name, {}, timeout=5.0, port=8080, generation=1)

    def select(self, namespace: str, selector: LabelSelector) -> list[FunctionRecord]:
        return []

    def endpoints(self, namespace: str, name: str) -> tuple[Endpoint, ...]:
        return self.known.get(name, ())


@dataclass
class Gateway:
    """A gateway and what it counted."""

    port: int
    forwarder: Forwarder
    server: Server
    registry: CollectorRegistry

    def count(self, outcome: str, *, status: str, route: str = "default/web", function: str = "default/echo") -> float:
        """Requests by outcome and class of the status, whatever the method."""
        return sum(
            sample.value
            for metric in self.registry.collect()
            for sample in metric.samples
            if sample.name == "kubeless_gateway_requests_total"
            and sample.labels["outcome"] == outcome
            and sample.labels["code"].startswith(status.removesuffix("xx"))
            and (sample.labels["route"], sample.labels["function"]) == (route, function)
        )

    async def wait_count(self, outcome: str, *, status: str) -> None:
        async with asyncio.timeout(5):
            while not self.count(outcome, status=status):  # noqa: ASYNC110 - counters have no event
                await asyncio.sleep(0.005)


class NoCluster:
    """A Kubernetes API in which nothing is asked for: routes of these tests name no Secret."""

    async def list_page(self, resource: Resource, **_: Any) -> Page:
        raise AssertionError(resource)

    def watch(self, resource: Resource, **_: Any) -> AsyncGenerator[WatchEvent, None]:
        raise AssertionError(resource)


@asynccontextmanager
async def function(serve: Serve) -> AsyncIterator[Endpoint]:
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
        yield Endpoint(*listener.sockets[0].getsockname())
    finally:
        listener.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def gateway(
    serve: Serve | None = None, *, route: Route = ECHO, settings: Settings = SETTINGS
) -> AsyncIterator[Gateway]:
    """A gateway with one route to one function, which may have no endpoint."""
    registry = CollectorRegistry()
    routes = RouteTable()
    routes.put(route)
    async with function(serve or silent) as endpoint, Transport() as transport, PasswordCheck() as passwords:
        limits = RouteLimits(in_flight=0, queued=0, patience=0)
        admission = Admission(Protection(SecretWatch(NoCluster())), passwords, limits)
        forwarder = Forwarder(
            settings,
            routes=routes,
            functions=Table(echo=(endpoint,) if serve else ()),
            admission=admission,
            transport=transport,
            metrics=GatewayMetrics(registry),
        )
        async with Server(forwarder.handle, host="127.0.0.1", port=0, limits=client_limits(settings)) as server:
            yield Gateway(server.port, forwarder, server, registry)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


async def ask(port: int, raw: bytes) -> Answer:
    """Send bytes, read until the server closes, and take the answer apart."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(raw)
        async with asyncio.timeout(10):
            data = await reader.read()
    finally:
        writer.close()
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
    return Answer(int(lines[0].split(" ")[1]), headers, body)


def get(target: str, *headers: str, method: str = "GET") -> bytes:
    lines = [f"{method} {target} HTTP/1.1", "Host: echo.example.com", "Connection: close", *headers, "", ""]
    return "\r\n".join(lines).encode()


def post(target: str, body: bytes, *headers: str) -> bytes:
    return get(target, f"Content-Length: {len(body)}", *headers, method="POST") + body


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def mirror(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer with the request, byte for byte."""
    while True:
        head = await reader.readuntil(b"\r\n\r\n")
        body = b""
        if b"chunked" in head:
            body = await reader.readuntil(b"0\r\n\r\n")
        elif b"Content-Length: " in head:
            body = await reader.readexactly(int(head.split(b"Content-Length: ")[1].split(b"\r\n")[0]))
        answer = head + body
        writer.write(b"HTTP/1.1 200 OK\r\nX-Function: yes\r\nContent-Length: %d\r\n\r\n" % len(answer) + answer)


def saying(answer: bytes) -> Serve:
    """Answer every request with these bytes and close."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)

    return serve


async def test_a_function_gets_the_rest_of_the_path_and_the_body() -> None:
    async with gateway(mirror) as running:
        answer = await ask(
            running.port, post("/echo/sub?x=1", b"hello", "Event-Id: 7", "Connection: X-Hop", "X-Hop: 1")
        )
    assert answer.status == 200
    assert answer.headers["x-function"] == "yes"
    head, _, body = answer.body.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert body == b"hello"
    assert lines[0] == b"POST /sub?x=1 HTTP/1.1"
    assert b"Host: echo.example.com" in lines
    assert b"X-Forwarded-For: 127.0.0.1" in lines
    assert b"X-Forwarded-Host: echo.example.com" in lines
    assert b"X-Request-Id: " + answer.headers["x-request-id"].encode() in lines
    assert b"Event-Id: 7" in lines
    assert not any(line.startswith(b"X-Hop") for line in lines)
    assert running.count("answered", status="2xx") == 1


async def test_a_chunked_body_that_is_still_coming_is_passed_on_in_chunks() -> None:
    begun = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"abc\r\n")
        begun.set()
        await reader.readuntil(b"de\r\n0\r\n\r\n")
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")

    async with gateway(serve) as running:
        reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
        writer.write(get("/echo", "Transfer-Encoding: chunked", method="POST") + b"3\r\nabc\r\n")
        await asyncio.wait_for(begun.wait(), 5)
        writer.write(b"2\r\nde\r\n0\r\n\r\n")
        async with asyncio.timeout(5):
            assert (await reader.readline()).startswith(b"HTTP/1.1 204 ")
        writer.close()


async def test_a_chunked_body_that_is_here_already_is_passed_on_with_its_length() -> None:
    raw = get("/echo", "Transfer-Encoding: chunked", method="POST") + b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    async with gateway(mirror) as running:
        answer = await ask(running.port, raw)
    assert b"\r\nContent-Length: 5\r\n\r\nabcde" in answer.body


async def test_an_answer_passes_as_it_comes() -> None:
    go = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\ndata: \r\n")
        await go.wait()
        writer.write(b"3\r\nend\r\n0\r\n\r\n")

    async with gateway(serve) as running:
        reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
        writer.write(get("/echo"))
        async with asyncio.timeout(5):
            await reader.readuntil(b"data: ")
            go.set()
            assert b"end" in await reader.read()
        writer.close()


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (get("/nowhere"), 404),
        (get("/echofoo"), 404),
        (get("/echo/../x"), 400),
        (get("/echo/%2e%2e/x"), 400),
        (get("/echo%zz"), 400),
        (b"GET /echo HTTP/1.1\r\n\r\n", 400),
        (b"GET /echo HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (b"GET /echo HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n", 400),
        (b"GARBAGE\r\n\r\n", 400),
        (b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", 400),
        (b"GET /echo HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 20000 + b"\r\n\r\n", 431),
        (get("/echo", method="TRACE"), 405),
    ],
)
async def test_bad_requests_are_refused_and_never_reach_a_function(raw: bytes, status: int) -> None:
    reached = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.set()

    async with gateway(serve) as running:
        answer = await ask(running.port, raw)
    assert answer.status == status
    assert not reached.is_set()


async def test_an_error_says_which_route_and_function_and_why() -> None:
    async with gateway() as running:
        answer = await ask(running.port, get("/echo", "X-Request-Id: my-id"))
    assert answer.status == 503
    assert answer.headers["retry-after"] == "1"
    assert answer.headers["content-type"] == "application/json"
    assert json.loads(answer.body) == {
        "error": "no endpoint of function default/echo is ready",
        "route": "default/web",
        "function": "default/echo",
        "requestId": "my-id",
    }
    assert running.count("no_endpoints", status="5xx") == 1


@pytest.mark.parametrize(
    ("said", "status", "outcome"),
    [
        (b"", 502, "connection_error"),
        (b"HTTP/1.1 200 OK\r\nContent-", 502, "connection_error"),
        (b"garbage\r\n\r\n", 502, "bad_response"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx", 502, "bad_response"),
        (b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", 500, "answered"),
    ],
)
async def test_a_function_that_fails_is_a_bad_gateway_and_its_own_errors_are_its_own(
    said: bytes, status: int, outcome: str
) -> None:
    async with gateway(saying(said)) as running:
        answer = await ask(running.port, post("/echo", b"x"))
        assert answer.status == status
        assert running.count(outcome, status="5xx") == 1


async def test_an_answer_that_is_cut_short_is_visible_to_the_client() -> None:
    cut = saying(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n")
    async with gateway(cut) as running:
        reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
        writer.write(get("/echo"))
        data = b""
        try:
            async with asyncio.timeout(5):
                while piece := await reader.read(1000):
                    data += piece
        except ConnectionError:
            pass
        writer.close()
        assert not data.endswith(b"0\r\n\r\n")
        await running.wait_count("cut_short", status="2xx")


async def test_a_function_that_takes_too_long_is_a_gateway_timeout() -> None:
    async with gateway(silent, route=replace(ECHO, timeout=0.05)) as running:
        answer = await ask(running.port, get("/echo"))
        assert answer.status == 504
        assert running.count("timeout", status="5xx") == 1


async def test_a_client_that_goes_away_cancels_the_function_and_is_counted() -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        begun.set()
        await reader.read()
        ended.set()

    async with gateway(serve) as running:
        _, writer = await asyncio.open_connection("127.0.0.1", running.port)
        writer.write(get("/echo"))
        await asyncio.wait_for(begun.wait(), 5)
        writer.transport.abort()
        await asyncio.wait_for(ended.wait(), 5)
        await running.wait_count("client_gone", status="none")


async def test_a_client_that_goes_away_while_it_sends_is_counted() -> None:
    begun = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        begun.set()
        await reader.read()

    async with gateway(serve) as running:
        _, writer = await asyncio.open_connection("127.0.0.1", running.port)
        writer.write(get("/echo", "Content-Length: 100", method="POST") + b"half")
        await asyncio.wait_for(begun.wait(), 5)
        writer.close()
        await running.wait_count("client_gone", status="none")


@pytest.mark.parametrize(("rest", "status"), [(b"", 408), (b"zz\r\nGET /smuggled HTTP/1.1\r\n\r\n", 400)])
async def test_a_body_that_stops_or_breaks_its_framing_never_completes_upstream(rest: bytes, status: int) -> None:
    taken = bytearray()
    begun = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(1000):
            taken.extend(piece)
            if b"abc" in taken:
                begun.set()

    async with gateway(serve, settings=replace(SETTINGS, body_timeout=0.1)) as running:
        reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
        writer.write(get("/echo", "Transfer-Encoding: chunked", method="POST") + b"3\r\nabc\r\n")
        async with asyncio.timeout(5):
            await begun.wait()
            writer.write(rest)
            assert (await reader.readline()).startswith(b"HTTP/1.1 %d " % status)
        writer.close()
    assert b"0\r\n\r\n" not in taken
    assert b"smuggled" not in taken


async def test_an_upload_under_way_when_the_gateway_stops_is_finished() -> None:
    begun = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"one")
        begun.set()
        await reader.readexactly(3)
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        await reader.read()

    async with gateway(serve) as running, asyncio.TaskGroup() as group:
        reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
        writer.write(b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\none")
        await asyncio.wait_for(begun.wait(), 5)
        await running.server.stop_intake()
        draining = group.create_task(running.forwarder.drain(5))
        writer.write(b"two")
        assert await draining
        async with asyncio.timeout(5):
            assert (await reader.read()).startswith(b"HTTP/1.1 204 ")
        writer.close()


LIMITED = replace(ECHO, max_body_bytes=4)


async def test_a_body_above_the_limit_is_refused_by_its_announced_length() -> None:
    async with gateway(silent, route=LIMITED) as running:
        answer = await ask(running.port, post("/echo", b"12345"))
        assert answer.status == 413
        assert running.count("body_too_large", status="4xx") == 1


async def test_a_body_above_the_limit_is_refused_while_it_streams() -> None:
    raw = get("/echo", "Transfer-Encoding: chunked", method="POST")
    async with gateway(silent, route=LIMITED) as running:
        reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
        writer.write(raw + b"3\r\nabc\r\n")
        await asyncio.sleep(0.05)
        writer.write(b"3\r\nabc\r\n")
        async with asyncio.timeout(5):
            assert (await reader.readline()).startswith(b"HTTP/1.1 413 ")
        writer.close()


async def test_a_client_that_waits_for_100_continue_is_told_to_go_on() -> None:
    async with gateway(mirror) as running:
        reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
        writer.write(get("/echo", "Expect: 100-continue", "Content-Length: 5", method="POST"))
        async with asyncio.timeout(5):
            assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
            writer.write(b"hello")
            answer = await reader.read()
        writer.close()
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b"hello")


async def test_a_client_that_waits_is_refused_before_it_sends_too_much() -> None:
    async with gateway(silent, route=LIMITED) as running:
        raw = get("/echo", "Expect: 100-continue", "Content-Length: 5", method="POST")
        reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
        writer.write(raw)
        async with asyncio.timeout(5):
            assert (await reader.readline()).startswith(b"HTTP/1.1 413 ")
        writer.close()


async def test_a_method_that_the_route_does_not_take_is_told_which_it_does() -> None:
    async with gateway(mirror, route=replace(ECHO, methods=frozenset({"POST", "GET"}))) as running:
        answer = await ask(running.port, get("/echo", method="DELETE"))
    assert (answer.status, answer.headers["allow"]) == (405, "GET, POST")


@pytest.mark.parametrize("fields", [{"auth_secret": "users"}, {"tls_secret": "cert"}])
async def test_a_route_whose_protection_is_not_there_is_closed(fields: dict[str, str]) -> None:
    reached = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.set()

    async with gateway(serve, route=replace(ECHO, **fields)) as running:  # type: ignore[arg-type]
        for raw in (get("/echo"), get("/echo", "Authorization: Basic eDp5")):
            answer = await ask(running.port, raw)
            assert answer.status == 503
            assert next(iter(fields.values())) in json.loads(answer.body)["error"]
    assert not reached.is_set()


async def test_a_suspended_route_refuses_and_says_so() -> None:
    async with gateway(mirror, route=replace(ECHO, suspended=True)) as running:
        answer = await ask(running.port, get("/echo"))
    assert answer.status == 503
    assert "suspended" in json.loads(answer.body)["error"]


async def test_a_preflight_is_answered_here_and_the_answer_to_the_request_is_open_to_all() -> None:
    preflight = get(
        "/echo",
        "Origin: https://example.com",
        "Access-Control-Request-Method: PUT",
        "Access-Control-Request-Headers: X-Custom",
        method="OPTIONS",
    )
    async with gateway(mirror, route=replace(ECHO, cors=True)) as running:
        answer = await ask(running.port, preflight)
        assert (answer.status, answer.body) == (204, b"")
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "PUT" in answer.headers["access-control-allow-methods"]
        assert answer.headers["access-control-allow-headers"] == "X-Custom"
        assert (await ask(running.port, get("/echo"))).headers["access-control-allow-origin"] == "*"


async def test_head_has_the_headers_and_no_body() -> None:
    async with gateway(saying(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")) as running:
        answer = await ask(running.port, get("/echo", method="HEAD"))
        assert (answer.status, answer.headers["content-length"], answer.body) == (200, "5", b"")
        missing = await ask(running.port, get("/none", method="HEAD"))
        assert (missing.status, missing.body) == (404, b"")


async def test_direct_paths_reach_every_function_only_where_asked_for() -> None:
    async with gateway(mirror, settings=replace(SETTINGS, direct_paths=True)) as running:
        answer = await ask(running.port, get("/default/echo/rest?x"))
        assert answer.body.startswith(b"GET /rest?x HTTP/1.1\r\n")
        assert (await ask(running.port, get("/default/none"))).status == 404
        assert running.count("answered", status="2xx", route="") == 1
    async with gateway(mirror) as running:
        assert (await ask(running.port, get("/default/echo"))).status == 404


async def test_pipelined_requests_are_answered_in_order() -> None:
    first = b"GET /echo/1 HTTP/1.1\r\nHost: x\r\n\r\n"
    async with gateway(mirror) as running:
        answer = await ask(running.port, first + get("/echo/2"))
    assert answer.body.startswith(b"GET /1 HTTP/1.1")
    assert b"GET /2 HTTP/1.1" in answer.body


async def test_stopping_finishes_what_was_accepted() -> None:
    begun, go = asyncio.Event(), asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        begun.set()
        await go.wait()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
        await reader.read()

    async with gateway(serve) as running, asyncio.TaskGroup() as group:
        asking = group.create_task(ask(running.port, b"GET /echo HTTP/1.1\r\nHost: x\r\n\r\n"))
        await asyncio.wait_for(begun.wait(), 5)
        await running.server.stop_intake()
        with pytest.raises(ConnectionRefusedError):
            await ask(running.port, get("/echo"))
        draining = group.create_task(running.forwarder.drain(5))
        go.set()
        assert await draining
        answer = await asking
        assert (answer.status, answer.body, answer.headers["connection"]) == (200, b"hi", "close")


async def test_what_does_not_end_in_time_is_cut_off_and_counted() -> None:
    begun = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        begun.set()
        await reader.read()

    async with gateway(serve) as running:
        _, writer = await asyncio.open_connection("127.0.0.1", running.port)
        writer.write(get("/echo"))
        await asyncio.wait_for(begun.wait(), 5)
        assert not await running.forwarder.drain(0.01)
    writer.close()
    assert running.count("cut_off", status="none") == 1


async def test_large_bodies_stream_both_ways() -> None:
    size = 20 * 1024 * 1024

    async def count(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        left = size
        while left:
            left -= len(await reader.read(min(left, 1 << 16)))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        for _ in range(size // 65536):
            writer.write(b"y" * 65536)
            await writer.drain()
        await reader.read()

    async with gateway(count) as running:
        reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
        writer.write(get("/echo", f"Content-Length: {size}", method="POST"))
        for _ in range(size // 65536):
            writer.write(b"x" * 65536)
            await writer.drain()
        async with asyncio.timeout(20):
            assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")
            assert len((await reader.read()).partition(b"\r\n\r\n")[2]) == size
        writer.close()


async def test_a_client_that_keeps_asking_loses_nothing_when_the_gateway_stops() -> None:
    """Its connection was idle when the gateway began to stop, and its next request perhaps on the way."""

    asking = b"GET /echo HTTP/1.1\r\nHost: echo.example.com\r\n\r\n"

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readuntil(b"\r\n\r\n"):
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")

    async with gateway(serve) as running, asyncio.TaskGroup() as group, asyncio.timeout(5):
        reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
        writer.write(asking)
        assert b"200 OK" in await reader.readuntil(b"hi")
        stopping = group.create_task(running.server.stop_intake())
        await asyncio.sleep(0)
        writer.write(asking)
        last = await reader.read()
        assert b"200 OK" in last
        assert b"connection: close" in last.lower()
        writer.close()
        await stopping
