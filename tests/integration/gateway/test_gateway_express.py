"""What clients and functions see of the express way is what they see of the long way, whatever happens."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from kubeless.gateway.route import Route
from support.rawcases import CASES, Case
from support.rawhttp import ECHO, Recorder, World, gateway, serving, statuses

GET = b"GET /echo/x?y=1 HTTP/1.1\r\nHost: echo.example.com\r\n\r\n"
POST = b"POST /echo/x HTTP/1.1\r\nHost: echo.example.com\r\nContent-Length: 5\r\n\r\nhello"
GOOD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"
CHUNKS = b"2\r\nok\r\n0\r\n\r\n"
ENOUGH = 24
"""Requests after which a head is known on both sides."""

Once = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[bool]]
"""Does something else with one request; whether the next on the connection is answered as before."""


class Function:
    """Answers each request in the same way, except for one that it is told to treat otherwise."""

    def __init__(self, answer: Callable[[bytes], bytes] = lambda _: GOOD) -> None:
        self._answer = answer
        self.then: Once | None = None
        self.received: list[bytes] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            request = await _read(reader)
            self.received.append(request)
            then, self.then = self.then, None
            if then is None:
                writer.write(self._answer(request))
            elif not await then(reader, writer):
                return


def echo(request: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nX-Function: yes\r\nContent-Length: %d\r\n\r\n%b" % (len(request), request)


async def _read(reader: asyncio.StreamReader) -> bytes:
    """One message with a length, head and body."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"\r\ncontent-length: (\d+)", head, re.IGNORECASE)
    return head + (await reader.readexactly(int(length[1])) if length else b"")


class Client:
    """One kept connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def ask(self, raw: bytes) -> bytes:
        self.writer.write(raw)
        async with asyncio.timeout(5):
            return await _read(self.reader)

    async def rest(self) -> bytes:
        async with asyncio.timeout(5):
            return await self.reader.read()


@asynccontextmanager
async def client(world: World) -> AsyncIterator[Client]:
    reader, writer = await asyncio.open_connection("127.0.0.1", world.port)
    try:
        yield Client(reader, writer)
    finally:
        writer.close()


@asynccontextmanager
async def warmed(function: Function, raw: bytes = GET, **settings: object) -> AsyncIterator[tuple[World, Client]]:
    """A gateway to which the head of `raw` is known, and a client that has sent it; nothing is logged or counted."""
    async with gateway(function.serve, **settings) as world, client(world) as asking:  # type: ignore[arg-type]
        for _ in range(ENOUGH):
            await asking.ask(raw)
        assert world.transport.asked, "the express way is never taken"
        function.received.clear()
        yield world, asking


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - counters have no event
            await asyncio.sleep(0.005)


def idle(world: World) -> bool:
    return "in_flight=0" in repr(world.forwarder)


def comparable(message: bytes) -> list[bytes]:
    """The lines of a message in no order; ids are all the same."""
    return sorted(re.sub(rb"[0-9a-f]{32}(-[0-9a-f]{16})?", b"<id>", message).split(b"\r\n"))


CORS = replace(ECHO, cors=True)


@pytest.mark.parametrize(
    ("raw", "route"),
    [
        (GET, ECHO),
        (POST, ECHO),
        (b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", ECHO),
        (b"POST /echo HTTP/1.1\r\nHost: x\r\n\r\n", ECHO),
        (b"GET http://other/echo?z HTTP/1.1\r\nHost: x\r\n\r\n", ECHO),
        (b"DELETE /echo/%41 HTTP/1.1\r\nHost: X:8080\r\nAccept: */*  \r\nEmpty:\r\n\r\n", ECHO),
        (b"GET /echo HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 1.2.3.4\r\nX-Forwarded-For: 5.6.7.8\r\n\r\n", ECHO),
        (
            b"GET /echo HTTP/1.1\r\nHost: x\r\nForwarded: for=1.2.3.4\r\nVia: 1.1 me\r\nX-Forwarded-Proto: s\r\n\r\n",
            ECHO,
        ),
        (b"GET /echo HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, X-Hop\r\nX-Hop: 1\r\nTE: gzip\r\n\r\n", ECHO),
        (b"GET /echo HTTP/1.1\r\nHost: x\r\nOrigin: https://example.com\r\n\r\n", CORS),
    ],
)
async def test_both_ways_send_and_answer_the_same(raw: bytes, route: Route) -> None:
    function = Function(echo)
    async with gateway(function.serve, route=route) as world, client(world) as asking:
        first = await asking.ask(raw)
        assert not world.transport.asked
        for _ in range(ENOUGH):
            await asking.ask(raw)
        before = world.transport.asked
        last = await asking.ask(raw)
        assert world.transport.asked == before + 1
    assert comparable(last) == comparable(first)
    assert comparable(function.received[-1]) == comparable(function.received[0])


async def test_function_client_and_log_get_one_id_that_no_other_request_has() -> None:
    function = Function()
    async with warmed(function) as (world, asking):
        answers = [await asking.ask(GET) for _ in range(50)]
    ids = [re.findall(rb"X-Request-Id: ([0-9a-f]{32})\r\n", answer) for answer in answers]
    sent = [re.findall(rb"X-Request-Id: ([0-9a-f]{32})\r\n", request) for request in function.received]
    traces = [
        re.findall(rb"traceparent: 00-([0-9a-f]{32})-[0-9a-f]{16}-01\r\n", request) for request in function.received
    ]
    assert ids == sent == traces
    assert len({each[0] for each in ids}) == 50
    assert [line["request_id"].encode() for line in world.log[-50:]] == [each[0] for each in ids]


async def test_both_ways_are_counted_and_logged_the_same() -> None:
    function = Function()
    async with gateway(function.serve) as world, client(world) as asking:
        for _ in range(ENOUGH):
            await asking.ask(GET)
        assert 0 < world.transport.asked < ENOUGH
        assert world.counted() == {("default/web", "answered", "200"): ENOUGH}
        labels = {"route": "default/web", "function": "default/echo"}
        name = "kubeless_gateway_request_duration_seconds_count"
        assert world.registry.get_sample_value(name, labels) == ENOUGH
        assert world.registry.get_sample_value("kubeless_gateway_requests_in_flight") == 0
    assert len(world.log) == ENOUGH
    kept = ("message", "method", "target", "status", "outcome", "route", "function", "peer")
    assert len({tuple(line[name] for name in kept) for line in world.log}) == 1
    assert world.log[-1]["target"] == "/echo/x?y=1"
    assert all(0 < line["took"] < 5 for line in world.log)


@pytest.mark.parametrize(
    "raw",
    [
        GET.replace(b"\r\n\r\n", b"\r\nX-Request-Id: mine\r\n\r\n"),
        GET.replace(b"\r\n\r\n", b"\r\ntraceparent: 00-%b-%b-01\r\n\r\n" % (b"1" * 32, b"2" * 16)),
        b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n",
        b"TRACE /echo HTTP/1.1\r\nHost: x\r\n\r\n",
        b"OPTIONS /echo HTTP/1.1\r\nHost: x\r\nOrigin: y\r\nAccess-Control-Request-Method: PUT\r\n\r\n",
        GET.replace(b"HTTP/1.1\r\n", b"HTTP/1.0\r\nConnection: keep-alive\r\n"),
        POST.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n"),
        GET.replace(b"\r\n\r\n", b"\r\nX-Long: %b\r\n\r\n" % (b"x" * 1024)),
    ],
)
async def test_what_is_decided_one_by_one_is_never_planned(raw: bytes) -> None:
    async with gateway(Function().serve, route=CORS) as world, client(world) as asking:
        for _ in range(2 * ENOUGH):
            await asking.ask(raw)
        assert not world.transport.asked


async def test_a_route_that_waits_for_a_password_is_never_planned() -> None:
    function = Function()
    async with gateway(function.serve, route=replace(ECHO, auth_secret="users")) as world, client(world) as asking:
        for _ in range(ENOUGH):
            assert (await asking.ask(GET)).startswith(b"HTTP/1.1 503 ")
    assert not function.received


@pytest.mark.parametrize(
    ("change", "status"),
    [
        (lambda world: world.routes.remove(ECHO.key), 404),
        (lambda world: world.routes.put(replace(ECHO, suspended=True)), 503),
        (lambda world: world.routes.put(replace(ECHO, methods=frozenset({"PUT"}))), 405),
        (lambda world: world.routes.put(replace(ECHO, max_body_bytes=4)), 413),
        (lambda world: world.routes.put(replace(ECHO, auth_secret="users")), 503),
        (lambda world: world.routes.put(replace(ECHO, tls_secret="cert")), 503),
        (lambda world: world.functions.change(), 503),
    ],
)
async def test_a_change_of_a_route_or_function_holds_for_the_next_request(
    change: Callable[[World], None], status: int
) -> None:
    function = Function()
    async with warmed(function, POST) as (world, asking):
        change(world)
        assert statuses(await asking.ask(POST)) == (status,)
    assert not function.received


async def test_requests_go_where_the_function_is_now() -> None:
    moved = Function(echo)
    async with serving(moved.serve) as elsewhere, warmed(Function()) as (world, asking):
        world.functions.change(elsewhere)
        assert b"X-Function: yes" in await asking.ask(GET)
    assert len(moved.received) == 1


async def test_what_is_counted_after_its_route_has_gone_does_not_bring_the_route_back() -> None:
    function, go = Function(), asyncio.Event()

    async with warmed(function) as (world, asking):
        function.then = waiting(go)
        asking.writer.write(GET)
        await until(lambda: len(function.received) == 1)
        world.routes.remove(ECHO.key)
        world.forwarder._journal._metrics.forget_route("default/web")
        go.set()
        assert statuses(await _read(asking.reader)) == (200,)
        assert world.counted() == {("", "answered", "200"): 1}


async def test_a_client_that_goes_away_ends_the_exchange_and_is_counted() -> None:
    function, ended = Function(), asyncio.Event()

    async def wait(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> bool:
        assert await reader.read() == b""
        ended.set()
        return False

    async with warmed(function, in_flight=1) as (world, asking):
        function.then = wait
        asking.writer.write(GET)
        await until(lambda: len(function.received) == 1)
        asking.writer.transport.abort()
        await asyncio.wait_for(ended.wait(), 5)
        await until(lambda: idle(world))
        assert world.counted()["default/web", "client_gone", "none"] == 1
        async with client(world) as again:
            assert statuses(await again.ask(GET)) == (200,)
    assert [line["outcome"] for line in world.log[-2:]] == ["client_gone", "answered"]


def saying(*pieces: bytes, close: bool = False) -> Once:
    """Answer with these bytes; with none, never."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.02)
        if not pieces:
            await reader.read()
        return not close

    return serve


def waiting(go: asyncio.Event, answer: bytes = GOOD) -> Once:
    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        await go.wait()
        writer.write(answer)
        return True

    return serve


@pytest.mark.parametrize("raw", [GET, POST])
@pytest.mark.parametrize(
    ("pieces", "status", "outcome", "body"),
    [
        ((GOOD[:10], GOOD[10:]), 200, "answered", b"ok"),
        ((GOOD[:-1], GOOD[-1:]), 200, "answered", b"ok"),
        ((GOOD[:-2], GOOD[-2:]), 200, "answered", b"ok"),
        ((GOOD.replace(b"200 OK", b"404 Gone"),), 404, "answered", b"ok"),
        ((GOOD.replace(b"200 OK", b"500 Oops"),), 500, "answered", b"ok"),
        ((b"HTTP/1.1 100 Continue\r\n\r\n" + GOOD,), 200, "answered", b"ok"),
        ((b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\n", GOOD), 200, "answered", b"ok"),
        ((GOOD + b"and more",), 200, "answered", b"ok"),
        ((b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n", b"0\r\n\r\n"), 200, "answered", CHUNKS),
        ((b"HTTP/1.1 204 No Content\r\n\r\n",), 204, "answered", b""),
        ((b"HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\n",), 304, "answered", b""),
        ((b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",), 200, "answered", b""),
        ((b"garbage\r\n\r\n",), 502, "bad_response", None),
        ((b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nok",), 502, "bad_response", None),
        ((b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",), 502, "bad_response", None),
        ((), 504, "timeout", None),
    ],
)
async def test_any_other_response_is_passed_on_as_on_the_long_way(
    raw: bytes, pieces: tuple[bytes, ...], status: int, outcome: str, body: bytes | None
) -> None:
    function = Function()
    async with warmed(function, raw) as (world, asking):
        function.then = saying(*pieces)
        before, asked = world.counted().get(("default/web", outcome, str(status)), 0), world.transport.asked
        asking.writer.write(raw)
        answer = await asking.rest()
        assert world.transport.asked == asked + 1
        assert statuses(answer) == (status,)
        sent = re.findall(rb"X-Request-Id: (\w+)", function.received[0])
        assert re.findall(rb"X-Request-Id: (\w+)", answer) == sent
        if body is not None:
            assert answer.partition(b"\r\n\r\n")[2] == body
        await until(lambda: idle(world))
        assert world.counted()["default/web", outcome, str(status)] == before + 1
        async with client(world) as again:
            assert statuses(await again.ask(raw)) == (200,)


@pytest.mark.parametrize(("raw", "attempts"), [(GET, 2), (POST, 1)])
async def test_a_request_is_sent_again_only_where_that_is_safe(raw: bytes, attempts: int) -> None:
    """A function that closes without a byte after it was sent a request may have acted on it."""
    function = Function()
    async with warmed(function, raw) as (_, asking):
        function.then = saying(b"", close=True)
        answer = await asking.ask(raw)
    assert len(function.received) == attempts
    assert statuses(answer) == ((200,) if attempts == 2 else (502,))
    assert len({re.findall(rb"X-Request-Id: (\w+)", request)[0] for request in function.received}) == 1


async def test_a_response_that_breaks_off_is_seen_to_break_off() -> None:
    function = Function()
    async with warmed(function) as (world, asking):
        function.then = saying(GOOD[:-1], close=True)
        asking.writer.write(GET)
        answer = await asking.rest()
        await until(lambda: idle(world))
        assert world.counted()["default/web", "cut_short", "200"] == 1
    assert b"Content-Length: 2" in answer
    assert answer.endswith(b"\r\n\r\no")


async def test_requests_sent_meanwhile_are_answered_in_order() -> None:
    function, go = Function(), asyncio.Event()
    second = GET.replace(b"/x?", b"/second?")

    async with warmed(function) as (world, asking):
        function.then = waiting(go, GOOD.replace(b"ok", b"1."))
        asked = world.transport.asked
        asking.writer.write(GET)
        await until(lambda: len(function.received) == 1)
        asking.writer.write(second + GET)
        await asyncio.sleep(0.02)
        assert len(function.received) == 1
        go.set()
        answers = [await _read(asking.reader) for _ in range(3)]
        assert world.transport.asked == asked + 1
    assert [answer[-2:] for answer in answers] == [b"1.", b"ok", b"ok"]
    assert [request.split(b" ")[1] for request in function.received] == [b"/x?y=1", b"/second?y=1", b"/x?y=1"]


@pytest.mark.parametrize("extra", [b"\r\n", b"x", b"GET /echo/smuggled HTTP/1.1\r\nHost: x\r\n\r\n"])
async def test_bytes_behind_a_known_request_are_never_part_of_it(extra: bytes) -> None:
    function = Function()
    async with warmed(function, POST) as (world, asking):
        asked = world.transport.asked
        asking.writer.write(POST + extra)
        assert statuses(await _read(asking.reader)) == (200,)
        assert world.transport.asked == asked
    assert function.received[0].endswith(b"\r\n\r\nhello")


async def test_the_limit_of_a_route_counts_both_ways_together() -> None:
    function, go = Function(), asyncio.Event()

    async with warmed(function, in_flight=1) as (world, asking), client(world) as other:
        function.then = waiting(go)
        asking.writer.write(GET)
        await until(lambda: len(function.received) == 1)
        for raw in (GET, POST):
            assert statuses(await other.ask(raw)) == (503,)
        go.set()
        assert statuses(await _read(asking.reader)) == (200,)
        assert statuses(await other.ask(GET)) == (200,)


async def test_stopping_finishes_what_is_under_way_and_makes_it_the_last() -> None:
    function, go = Function(), asyncio.Event()

    async with warmed(function) as (world, asking), asyncio.TaskGroup() as group:
        function.then = waiting(go)
        asking.writer.write(GET)
        await until(lambda: len(function.received) == 1)
        world.listener.stop_intake()
        draining = group.create_task(world.forwarder.drain(5))
        go.set()
        answer = await asking.rest()
        assert await draining
    assert statuses(answer) == (200,)
    assert b"Connection: close\r\n" in answer


async def test_what_does_not_end_in_time_is_cut_off_and_counted() -> None:
    function = Function()
    async with warmed(function) as (world, asking):
        function.then = saying()
        asking.writer.write(GET)
        await until(lambda: len(function.received) == 1)
        assert not await world.forwarder.drain(0.01)
        world.listener.stop_intake()
    assert world.log[-1]["outcome"] in {"cut_off", "client_gone"}


@pytest.mark.parametrize(
    "case",
    [case for case in CASES if len(case.raw) < 2**16],
    ids=lambda case: case.name[:60].encode("unicode_escape").decode(),
)
async def test_a_raw_request_behind_an_express_one_is_answered_as_alone(case: Case) -> None:
    recorder = Recorder()
    async with gateway(recorder.serve) as world, client(world) as asking:
        for _ in range(ENOUGH):
            await asking.ask(GET)
        assert world.transport.asked
        recorder.requests.clear()
        asking.writer.write(case.raw)
        answer = await asking.rest()
    assert statuses(answer) == case.statuses, answer
    assert recorder.errors == []
    assert sum(request.complete for request in recorder.requests) <= case.forwarded


async def test_the_same_bytes_in_pieces_take_the_long_way() -> None:
    function = Function()
    async with warmed(function, POST) as (world, asking):
        asked = world.transport.asked
        for cut in (1, 30, len(POST) - 5, len(POST) - 1):
            asking.writer.write(POST[:cut])
            await asyncio.sleep(0.01)
            assert statuses(await asking.ask(POST[cut:])) == (200,)
        assert world.transport.asked == asked
    assert all(comparable(request) == comparable(function.received[0]) for request in function.received)
    assert len(function.received) == 4


async def test_a_client_that_takes_no_answers_is_not_answered_without_end() -> None:
    big = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + b"x" * 100_000
    function = Function(lambda _: big)
    async with gateway(function.serve) as world:
        _, writer = await asyncio.open_connection("127.0.0.1", world.port, limit=1000)
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        for _ in range(2000):
            writer.write(GET)
        await until(lambda: not world.listener.connections)
        writer.close()
        assert len(function.received) < 200


async def test_a_head_is_planned_when_it_comes_again_and_not_before() -> None:
    async with gateway(Function().serve) as world, client(world) as asking:
        for number in range(ENOUGH):
            await asking.ask(GET.replace(b"/x?", b"/%d?" % number))
        assert repr(world.forwarder.expressway) == "<Expressway 0 plans>"
        await asking.ask(GET.replace(b"/x?", b"/0?"))
        assert repr(world.forwarder.expressway) == "<Expressway 1 plans>"
