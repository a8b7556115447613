"""Either side may break off in any phase: the other one learns of it, and nothing is left behind."""

import asyncio
import socket
import struct
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

import pytest

from support.rawhttp import World, gateway, statuses, talk

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]

GET = b"GET /echo HTTP/1.1\r\nHost: x\r\n\r\n"
UPGRADE = b"GET /echo HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
SWITCHED = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
STREAM = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"
LENGTH = b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n"
CHUNKED = b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
WAITING = b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"


def reset(writer: asyncio.StreamWriter) -> None:
    """End a connection as a process that is killed does."""
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def until_idle(world: World) -> None:
    """Nothing is left of any request or connection."""
    async with asyncio.timeout(5):
        while world.listener.connections or "in_flight=0" not in repr(world.forwarder):  # noqa: ASYNC110 - no event
            await asyncio.sleep(0.01)


class Held:
    """A function that answers with some bytes once it has a head, and learns how its connection ends."""

    def __init__(self, answer: bytes) -> None:
        self.answered = asyncio.Event()
        self.ended = asyncio.Event()
        self._answer = answer

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(self._answer)
        await writer.drain()
        self.answered.set()
        with suppress(ConnectionError):
            while await reader.read(1 << 16):
                pass
        self.ended.set()


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        (LENGTH, b""),
        (LENGTH + b"x" * 1000, b""),
        (CHUNKED, b""),
        (CHUNKED + b"5\r\nhel", b""),
        (CHUNKED + b"5\r\nhello\r\n0\r\nX: y\r\n", b""),
        (WAITING, b""),
        (GET, b""),
        (GET, b"HTTP/1.1 200 OK\r\n"),
        (GET, b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"),
        (GET, STREAM),
        (GET + GET, STREAM),
        (GET + b"GET /ec", STREAM),
        (UPGRADE, SWITCHED),
        (UPGRADE + b"behind", SWITCHED),
        (UPGRADE, b""),
    ],
    ids=lambda value: value[-24:].decode("unicode_escape").encode("unicode_escape").decode() or "nothing",
)
async def test_a_client_that_breaks_off_ends_what_runs_for_it(sent: bytes, answer: bytes) -> None:
    held = Held(answer)
    async with gateway(held.serve) as world:
        reader, writer = await asyncio.open_connection("127.0.0.1", world.port)
        writer.write(sent)
        async with asyncio.timeout(5):
            await held.answered.wait()
            if STREAM.startswith(answer) and len(answer) == len(STREAM):
                await reader.readuntil(b"hello")
            reset(writer)
            await held.ended.wait()
        await until_idle(world)


@pytest.mark.parametrize(
    ("request_", "answer", "told"),
    [
        (GET, b"", 502),
        (GET, b"HTTP/1.1 200 OK\r\nContent-", 502),
        (LENGTH, b"", 502),
        (GET, b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", 200),
        (GET, STREAM, 200),
        (UPGRADE, SWITCHED, 101),
        (UPGRADE, SWITCHED + b"some frames", 101),
    ],
    ids=lambda value: str(value)[-24:],
)
async def test_a_function_that_breaks_off_is_seen_to_break_off(request_: bytes, answer: bytes, told: int) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        await asyncio.sleep(0.05)  # what was written is on its way; a reset would take it back
        reset(writer)

    async with gateway(serve) as world:
        received = await talk(world.port, request_)
        assert statuses(received)[:1] == (told,)
        assert not received.endswith(b"0\r\n\r\n")
        await until_idle(world)
