"""Clients that are slow, stop or vanish; functions that answer garbage, too early, too much, too little, or never."""

import asyncio
import socket
import struct
from contextlib import suppress

import pytest

from support.rawhttp import SHORT, Recorder, World, gateway, statuses, talk

GET = b"GET /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
UPGRADE = b"GET /echo HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: %b\r\n\r\n"
MEGABYTE = b"x" * 2**20


async def until_idle(world: World) -> None:
    """Nothing is left of any request or connection."""
    async with asyncio.timeout(5):
        while world.listener.connections or "in_flight=0" not in repr(world.forwarder):  # noqa: ASYNC110 - no event
            await asyncio.sleep(0.01)


def answering(raw: bytes, *, then_close: bool = True) -> Recorder:
    class Once(Recorder):
        async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(raw)
            await writer.drain()
            if not then_close:
                await reader.read()

    return Once()


async def test_a_head_that_trickles_ends_in_time() -> None:
    recorder = Recorder()
    async with gateway(recorder.serve) as world:
        answer = await talk(world.port, *[bytes([byte]) for byte in GET], pause=0.02)
    assert statuses(answer) == (408,)
    assert not recorder.requests


async def test_a_body_that_trickles_ends_in_time() -> None:
    recorder = Recorder()
    head = b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"
    async with gateway(recorder.serve) as world:
        answer = await talk(world.port, head, *[b"x"] * 100, pause=0.02)
    assert statuses(answer) == (408,)
    assert not any(request.complete for request in recorder.requests)


async def test_a_client_that_takes_nothing_is_let_go() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (64 * len(MEGABYTE)))
        for _ in range(64):
            writer.write(MEGABYTE)
            await writer.drain()

    async with gateway(serve) as world:
        with socket.create_connection(("127.0.0.1", world.port)) as client:
            client.sendall(GET)
            await until_idle(world)


@pytest.mark.parametrize("cut", [1, 20, len(GET) - 1, len(GET)])
async def test_a_reset_in_any_phase_leaves_nothing_behind(cut: int) -> None:
    async with gateway(answering(b"", then_close=False).serve) as world:
        with socket.create_connection(("127.0.0.1", world.port)) as client:
            client.sendall(GET[:cut])
            await asyncio.sleep(0.05)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        await until_idle(world)


@pytest.mark.parametrize(
    "sent", [b"", b"GET", GET, GET[:-2], b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nab"]
)
async def test_a_client_that_ends_its_side_early_is_gone(sent: bytes) -> None:
    async with gateway(answering(b"", then_close=False).serve) as world:
        reader, writer = await asyncio.open_connection("127.0.0.1", world.port)
        writer.write(sent)
        writer.write_eof()
        async with asyncio.timeout(5):
            assert await reader.read() == b""
        await until_idle(world)
        writer.close()


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"", 502),
        (b"garbage\r\n\r\n", 502),
        (b"HTTP/1.1 200 OK\r\n", 502),
        (b"HTTP/1.1 99 X\r\n\r\n", 502),
        (b"HTTP/2.0 200 OK\r\n\r\n", 502),
        (b"HTTP/1.1 200 OK\nContent-Length: 0\n\n", 502),
        (b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 0\r\n\r\n", 502),
        (b"HTTP/1.1 200 OK\r\nX: a\x00b\r\nContent-Length: 0\r\n\r\n", 502),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 502),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 502),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", 502),
        (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 200_000, 502),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok and more than announced", 200),
        (b"HTTP/1.1 200 OK\r\n\r\nuntil the end", 200),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n", 304),
    ],
)
async def test_what_a_function_answers_is_passed_on_only_if_it_is_one_answer(raw: bytes, status: int) -> None:
    async with gateway(answering(raw).serve) as world:
        answer = await talk(world.port, GET)
        assert statuses(answer) == (status,)
        assert b"more than announced" not in answer
        await until_idle(world)


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\nzz\r\n",
    ],
)
async def test_an_answer_that_breaks_off_is_seen_to_break_off(raw: bytes) -> None:
    async with gateway(answering(raw).serve) as world:
        answer = await talk(world.port, GET)
        assert not answer.endswith(b"0\r\n\r\n")
        assert (
            b"short" not in answer.partition(b"\r\n\r\n")[2] or b"Content-Length: 10" in answer or b"chunked" in answer
        )
        await until_idle(world)


async def test_a_function_that_never_answers_is_a_gateway_timeout() -> None:
    async with gateway(answering(b"", then_close=False).serve) as world:
        assert statuses(await talk(world.port, GET)) == (504,)


async def test_an_answer_before_the_body_has_come_is_passed_on_and_is_the_last() -> None:
    early = answering(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", then_close=False)
    async with gateway(early.serve) as world:
        answer = await talk(world.port, b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\nhello")
        assert statuses(answer) == (403,)
        assert b"Connection: close" in answer


async def test_bytes_pass_both_ways_after_an_upgrade() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        assert b"Upgrade: websocket\r\n" in head
        writer.write(
            b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-Key: 1\r\n\r\n"
        )
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()

    async with gateway(serve) as world:
        reader, writer = await asyncio.open_connection("127.0.0.1", world.port)
        async with asyncio.timeout(10):
            writer.write(UPGRADE % b"websocket")
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 101 ")
            assert b"X-Key: 1" in head
            async with asyncio.TaskGroup() as group:
                echo = group.create_task(reader.readexactly(8 * len(MEGABYTE)))
                for _ in range(8):
                    writer.write(MEGABYTE)
                    await writer.drain()
            assert echo.result() == 8 * MEGABYTE
            writer.write_eof()
            assert await reader.read() == b""
        writer.close()
        await until_idle(world)


@pytest.mark.parametrize("protocol", [b"h2c", b"HTTP/2.0", b"TLS/1.0", b"websocket, h2c", b"\xff", b""])
async def test_an_upgrade_that_could_hide_requests_is_not_offered_to_the_function(protocol: bytes) -> None:
    recorder = Recorder()
    async with gateway(recorder.serve) as world:
        assert statuses(await talk(world.port, UPGRADE % protocol)) == (200,)
    assert all(name.lower() not in {b"upgrade", b"connection"} for name, _ in recorder.requests[0].headers)


async def test_requests_behind_a_refused_upgrade_are_read_as_requests() -> None:
    refusing = answering(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    async with gateway(refusing.serve) as world:
        answer = await talk(world.port, UPGRADE % b"websocket" + b"GET /echo/../admin HTTP/1.1\r\nHost: x\r\n\r\n")
    assert statuses(answer) == (200, 400)


async def test_events_pass_one_by_one() -> None:
    step = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(3):
            writer.write(b"9\r\ndata: x\n\n\r\n")
            await step.wait()
            step.clear()
        writer.write(b"0\r\n\r\n")

    async with gateway(serve) as world:
        reader, writer = await asyncio.open_connection("127.0.0.1", world.port)
        writer.write(GET)
        async with asyncio.timeout(5):
            for _ in range(3):
                await reader.readuntil(b"data: x\n\n")
                step.set()
            assert (await reader.read()).endswith(b"0\r\n\r\n")
        writer.close()


async def test_one_connection_too_many_is_told_so() -> None:
    limits = type(SHORT)(connections=1, idle_timeout=5.0, linger=0.2)
    async with gateway(Recorder().serve, limits=limits) as world:
        _, first = await asyncio.open_connection("127.0.0.1", world.port)
        async with asyncio.timeout(5):
            while world.listener.connections < 1:  # noqa: ASYNC110 - no event
                await asyncio.sleep(0.005)
        answer = await talk(world.port)
        assert statuses(answer) == (503,)
        assert b"Retry-After: 1" in answer
        first.close()


async def test_stopping_lets_idle_clients_go_and_finishes_the_others() -> None:
    begun, go = asyncio.Event(), asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        begun.set()
        await go.wait()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    limits = type(SHORT)(idle_timeout=5.0)
    async with gateway(serve, limits=limits) as world, asyncio.TaskGroup() as group:
        idle_reader, idle = await asyncio.open_connection("127.0.0.1", world.port)
        busy = group.create_task(talk(world.port, GET.replace(b"Connection: close\r\n", b"")))
        await asyncio.wait_for(begun.wait(), 5)
        world.listener.stop_intake()
        async with asyncio.timeout(5):
            assert await idle_reader.read() == b""
        with suppress(ConnectionError), pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", world.port)
        go.set()
        answer = await busy
        idle.close()
    assert statuses(answer) == (200,)
    assert b"Connection: close" in answer


async def test_a_flood_of_pipelined_requests_is_answered_in_order_and_bounded() -> None:
    recorder = Recorder()
    count = 2000
    async with gateway(recorder.serve) as world:
        requests = b"".join(b"GET /echo/%d HTTP/1.1\r\nHost: x\r\n\r\n" % number for number in range(count)) + GET
        answer = await talk(world.port, requests, timeout=20)
    assert statuses(answer) == (200,) * (count + 1)
    assert [request.target for request in recorder.requests[:count]] == [b"/%d" % number for number in range(count)]
