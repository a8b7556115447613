"""Endpoints that answer garbage, too early, too much, too little or never, and that break off in every phase."""

import asyncio
import socket
import struct

import pytest

from kubeless.delivery.transport.errors import BadResponse, ConnectionLost, ReadTimeout, TransportError
from kubeless.delivery.transport.limits import Limits
from kubeless.delivery.transport.request import Request
from kubeless.delivery.transport.timeouts import Timeouts
from kubeless.delivery.transport.transport import Transport
from kubeless.routing.endpoints import Endpoint
from support.rawupstream import Serve, read_head, until, upstream

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
GET = Request("GET", b"/")
POST = Request("POST", b"/", body=b"event")
SMALL = Limits(max_head_bytes=4096, max_headers=20)


def reset(writer: asyncio.StreamWriter) -> None:
    """End the connection with RST instead of FIN."""
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def saying(answer: bytes, *, then_reset: bool = False) -> Serve:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await read_head(reader)  # what is left of the body before belongs to the next head, for all we care
            writer.write(answer)
            await writer.drain()
            if then_reset:
                # The bytes must have been read before: RST lets the receiver forget what it has not read yet.
                await asyncio.sleep(0.02)
                reset(writer)
                return

    return serve


async def exchange(transport: Transport, endpoint: Endpoint, request: Request = POST) -> bytes:
    async with await transport.send(request, [endpoint], Timeouts(read=0.3)) as response:
        return await response.read()


@pytest.mark.parametrize(
    "answer",
    [
        b"\0" * 100,
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\x15\x03\x01\x00\x02\x02\x46",
        b"<html>no status line</html>",
        b"HTTP/1.1\r\n\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/3.0 200 OK\r\n\r\n",
        b"ICY 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\nContent-Length: 2\n\nhi",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nhi",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1e1\r\n\r\nhi",
        b"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551617\r\n\r\nhi",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA: \xff\x00\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA B: c\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA: b\r\n\tfolded\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 21 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nA: " + b"b" * 5000,
        b"HTTP/1.1 200 " + b"O" * 5000,
        b"HTTP/1.1 100 Continue\r\n\r\n" * 300,
        CHUNKED + b"-1\r\n",
        CHUNKED + b"0x2\r\nhi\r\n0\r\n\r\n",
        CHUNKED + b"2 \r\nhi\r\n0\r\n\r\n",
        CHUNKED + b"2\nhi\r\n0\r\n\r\n",
        CHUNKED + b"2\r\nhi!\r\n0\r\n\r\n",
        CHUNKED + b"10000000000000000\r\n",
        CHUNKED + b"2;" + b"x" * 5000,
        CHUNKED + b"0\r\nA: " + b"b" * 5000,
        CHUNKED + b"0\r\n" + b"A: b\r\n" * 21 + b"\r\n",
    ],
)
async def test_garbage_is_never_an_answer(answer: bytes) -> None:
    async with upstream(saying(answer)) as (server, endpoint), Transport(SMALL) as transport:
        with pytest.raises(BadResponse) as caught:
            await exchange(transport, endpoint)
        assert caught.value.retriable
        await server.wait_closed(1)
        assert (transport.busy, transport.idle) == (0, 0)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhi",
        CHUNKED,
        CHUNKED + b"5",
        CHUNKED + b"5\r\nhi",
        CHUNKED + b"2\r\nhi\r\n",
        CHUNKED + b"2\r\nhi\r\n0\r\n",
        CHUNKED + b"2\r\nhi\r\n0\r\nTrailer: x\r\n",
    ],
)
@pytest.mark.parametrize("ending", ["silence", "reset"])
async def test_too_little_is_an_error_however_it_ends(answer: bytes, ending: str) -> None:
    serve = saying(answer, then_reset=ending == "reset")
    async with upstream(serve) as (_, endpoint), Transport() as transport:
        with pytest.raises(ConnectionLost if ending == "reset" else ReadTimeout):
            await exchange(transport, endpoint)
        assert (transport.busy, transport.idle) == (0, 0)


async def test_a_reset_cannot_pass_for_the_end_of_a_body_without_length() -> None:
    serve = saying(b"HTTP/1.1 200 OK\r\n\r\nhalf", then_reset=True)
    async with upstream(serve) as (_, endpoint), Transport() as transport:
        with pytest.raises(ConnectionLost):
            await exchange(transport, endpoint)


@pytest.mark.parametrize("more", [b"x", b"\r\n", OK, b"HTTP/1.1 408 Request Timeout\r\n\r\n", b"\0" * 1000])
async def test_too_much_is_never_the_next_answer(more: bytes) -> None:
    async with upstream(saying(OK + more)) as (server, endpoint), Transport() as transport:
        for _ in range(2):
            assert await exchange(transport, endpoint) == b"hi"
        assert server.accepted == (1 if more == b"\r\n" else 2)


async def test_an_answer_before_the_request_ends_the_connection() -> None:
    """Also when the same head was seen, and remembered, before."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(20):
            await read_head(reader)
            await reader.readexactly(5)
            writer.write(OK)
        writer.write(OK)

    async with upstream(serve) as (server, endpoint), Transport() as transport:
        for _ in range(20):
            assert await exchange(transport, endpoint) == b"hi"
        await server.wait_closed(1)
        await until(lambda: transport.idle == 0)


async def test_the_same_head_with_another_body_is_framed_anew() -> None:
    answers = [OK] * 20 + [OK + b"!", OK[:-1]]

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while answers:
            head = await read_head(reader)
            await reader.readexactly(0 if head.startswith(b"HEAD") else 5)
            answer = answers.pop(0)
            writer.write(answer.removesuffix(b"hi") if head.startswith(b"HEAD") else answer)
            if answer != OK:
                return

    async with upstream(serve) as (server, endpoint), Transport() as transport:
        for _ in range(19):
            assert await exchange(transport, endpoint) == b"hi"
        assert await exchange(transport, endpoint, Request("HEAD", b"/")) == b""
        assert server.accepted == 1
        assert await exchange(transport, endpoint) == b"hi"
        with pytest.raises(ReadTimeout):
            await exchange(transport, endpoint)
        assert transport.idle == 0


async def test_an_idempotent_request_goes_to_another_endpoint_when_the_first_breaks_off_unanswered() -> None:
    async def breaking(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        reset(writer)

    async with (
        upstream(breaking) as (broken, first),
        upstream(saying(OK)) as (_, second),
        Transport(draw=lambda: 0.0) as transport,
    ):
        async with await transport.send(GET, [first, second]) as response:
            assert await response.read() == b"hi"
        with pytest.raises(ConnectionLost):
            await transport.send(POST, [first])
        again = Request("POST", b"/", body=b"event", repeatable=True)
        async with await transport.send(again, [first, second]) as response:
            assert response.status == 200
        never = Request("GET", b"/", repeatable=False)
        with pytest.raises(ConnectionLost):
            await transport.send(never, [first])
        assert broken.accepted >= 3


async def test_nothing_is_repeated_once_a_byte_of_the_answer_came() -> None:
    async with (
        upstream(saying(b"H", then_reset=True)) as (one, first),
        upstream(saying(b"H", then_reset=True)) as (other, second),
        Transport() as transport,
    ):
        with pytest.raises(TransportError):
            await transport.send(GET, [first, second])
        assert one.accepted + other.accepted == 1


async def test_an_endpoint_that_refuses_connections_is_left_alone_for_a_while() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        dead = Endpoint(*listener.getsockname()[:2])
    async with upstream(saying(OK)) as (_, alive), Transport(draw=lambda: 0.0) as transport:
        for _ in range(5):
            async with await transport.send(POST, [dead, alive]) as response:
                await response.read()
        assert transport.counters.errors == {"connect_failed": 1}
        assert transport.shunned == 1
