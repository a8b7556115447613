"""A 101 hands over the raw bytes both ways; everything else does not."""

import asyncio

import pytest

from kubeless.delivery.transport.errors import BadResponse, ConnectionLost
from kubeless.delivery.transport.request import Request
from kubeless.delivery.transport.timeouts import Timeouts
from kubeless.delivery.transport.transport import Transport
from support.rawupstream import read_head, until, upstream

OFFER = Request("GET", b"/chat", ((b"Sec-WebSocket-Key", b"x"),), upgrade=b"websocket")
SWITCH = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n\r\n"


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    head = await read_head(reader)
    assert b"\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n" in head
    writer.write(SWITCH + b"first")
    while data := await reader.read(65536):
        writer.write(data.upper())
        await writer.drain()
    writer.write(b"last")
    writer.close()


async def test_bytes_flow_both_ways_until_both_sides_have_ended() -> None:
    async with upstream(echo) as (_, endpoint), Transport() as transport:
        async with await transport.send(OFFER, [endpoint]) as response:
            assert response.status == 101
            tunnel = response.tunnel
            assert tunnel is not None
            pieces = aiter(tunnel)
            assert await anext(pieces) == b"first"
            await tunnel.write(b"hello")
            assert await anext(pieces) == b"HELLO"
            tunnel.write_eof()
            assert await anext(pieces) == b"last"
            with pytest.raises(StopAsyncIteration):
                await anext(pieces)
        assert (transport.busy, transport.idle) == (0, 0)


async def test_the_timeouts_of_the_handshake_do_not_end_the_tunnel() -> None:
    async with (
        upstream(echo) as (_, endpoint),
        Transport() as transport,
        await transport.send(OFFER, [endpoint], Timeouts(read=0.05, total=0.1)) as response,
    ):
        assert response.tunnel is not None
        pieces = aiter(response.tunnel)
        assert await anext(pieces) == b"first"
        await asyncio.sleep(0.2)
        await response.tunnel.write(b"late")
        assert await anext(pieces) == b"LATE"


async def test_an_endpoint_may_decline() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno")

    async with upstream(serve) as (_, endpoint), Transport() as transport:
        async with await transport.send(OFFER, [endpoint]) as response:
            assert (response.status, response.tunnel, await response.read()) == (403, None, b"no")
        assert transport.idle == 1


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        (Request("GET", b"/"), SWITCH),
        (OFFER, b"HTTP/1.1 101 Switching Protocols\r\n\r\n"),
        (OFFER, b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"),
        (OFFER, b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"),
        (OFFER, b"HTTP/1.0 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"),
    ],
)
async def test_only_the_protocol_that_was_offered_is_switched_to(request_: Request, answer: bytes) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        writer.write(answer)

    async with upstream(serve) as (server, endpoint), Transport() as transport:
        with pytest.raises(BadResponse, match="switched protocols unasked"):
            await transport.send(request_, [endpoint])
        await server.wait_closed(1)


async def test_a_peer_that_takes_nothing_stops_the_writer_and_closing_frees_it() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        writer.write(SWITCH)
        await asyncio.Event().wait()

    written = 0

    async def write() -> None:
        nonlocal written
        while True:
            await tunnel.write(b"x" * 65536)
            written += 65536

    async with upstream(serve) as (_, endpoint), Transport() as transport:
        response = await transport.send(OFFER, [endpoint])
        assert response.tunnel is not None
        tunnel = response.tunnel
        writing = asyncio.create_task(write())
        before = -1
        while written != before:
            before = written
            await asyncio.sleep(0.1)
        assert not writing.done()
        response.close()
        with pytest.raises(ConnectionLost):
            await writing
        await until(lambda: transport.busy == 0)


async def test_a_tunnel_that_breaks_tells_its_reader() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        writer.write(SWITCH)
        await reader.readexactly(1)
        writer.transport.abort()

    async with upstream(serve) as (_, endpoint), Transport() as transport:
        async with await transport.send(OFFER, [endpoint]) as response:
            assert response.tunnel is not None
            # More than the endpoint reads: closing a socket with unread bytes resets the connection.
            await response.tunnel.write(b"x" * 100_000)
            with pytest.raises(ConnectionLost):
                await anext(aiter(response.tunnel))
        assert transport.busy == 0
