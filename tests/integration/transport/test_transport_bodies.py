"""Bodies in pieces: expectations, trailers, early answers."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from kubeless.delivery.transport.errors import InvalidRequest, TransportError
from kubeless.delivery.transport.request import Request
from kubeless.delivery.transport.timeouts import Timeouts
from kubeless.delivery.transport.transport import Transport
from support.rawupstream import read_head, silent, upstream

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"


class Body:
    """Three pieces; notes whether anybody asked for them."""

    def __init__(self) -> None:
        self.begun = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        self.begun = True
        for piece in (b"abc", b"def", b"g"):
            yield piece


@pytest.mark.parametrize("body", [b"abcdefg", None])
async def test_an_expectation_holds_the_body_back_until_the_endpoint_asks(body: bytes | None) -> None:
    seen = b"none"

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal seen
        assert b"\r\nExpect: 100-continue\r\n" in await read_head(reader)
        try:
            seen = await asyncio.wait_for(reader.read(1), 0.1)
        except TimeoutError:
            seen = b""
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        assert await reader.readexactly(7) == b"abcdefg"
        writer.write(OK)

    async with upstream(serve) as (_, endpoint), Transport() as transport:
        request = Request("POST", b"/", body=body or Body(), content_length=7, expect_continue=True)
        async with await transport.send(request, [endpoint], Timeouts(expect=5)) as response:
            assert await response.read() == b"hi"
        assert seen == b""
        assert transport.idle == 1


async def test_an_endpoint_that_refuses_at_once_is_spared_the_body() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        writer.write(b"HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n")

    body = Body()
    async with upstream(serve) as (server, endpoint), Transport() as transport:
        request = Request("POST", b"/", body=body, expect_continue=True)
        async with await transport.send(request, [endpoint]) as response:
            assert response.status == 417
        await server.wait_closed(1)
        assert transport.idle == 0
    assert not body.begun


async def test_an_endpoint_that_does_not_know_expectations_gets_the_body_after_a_while() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        await reader.readuntil(b"0\r\n\r\n")
        writer.write(OK)

    async with upstream(serve) as (_, endpoint), Transport() as transport:
        request = Request("POST", b"/", body=Body(), expect_continue=True)
        async with await transport.send(request, [endpoint], Timeouts(expect=0.05)) as response:
            assert await response.read() == b"hi"


async def test_trailers_are_sent_behind_the_chunks_and_read_behind_them() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        assert (await reader.readuntil(b"\r\n\r\n")).endswith(b"1\r\ng\r\n0\r\nDigest: abc\r\nN: 7\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n")
        writer.write(b"0\r\nGrpc-Status: 0\r\nHost: evil\r\n\r\n")

    async with upstream(serve) as (_, endpoint), Transport() as transport:
        request = Request("POST", b"/", body=Body(), trailers=lambda: [(b"Digest", b"abc"), (b"N", b"7")])
        async with await transport.send(request, [endpoint]) as response:
            assert await response.read() == b"hi"
            assert list(response.trailers) == [(b"Grpc-Status", b"0")]
        assert transport.idle == 1


@pytest.mark.parametrize("trailer", [(b"A", b"b\r\nc: d"), (b"Content-Length", b"1"), (b"a b", b"")])
async def test_a_trailer_cannot_split_the_request(trailer: tuple[bytes, bytes]) -> None:
    async with upstream(silent) as (server, endpoint), Transport() as transport:
        request = Request("POST", b"/", body=Body(), trailers=lambda: [trailer])
        with pytest.raises(InvalidRequest):
            await transport.send(request, [endpoint])
        await server.wait_closed(1)


@pytest.mark.parametrize("chunked", [True, False])
async def test_an_early_answer_stops_an_endless_upload(chunked: bool) -> None:
    closed = False

    async def endless() -> AsyncIterator[bytes]:
        nonlocal closed
        try:
            while True:
                yield b"x" * 65536
        finally:
            closed = True

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        await reader.readexactly(100_000)
        writer.write(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nno!")

    async with upstream(serve) as (_, endpoint):
        async with Transport() as transport:
            request = Request("POST", b"/", body=endless(), content_length=None if chunked else 1 << 40)
            async with await transport.send(request, [endpoint]) as response:
                assert (response.status, await response.read()) == (413, b"no!")
            assert (transport.busy, transport.idle) == (0, 0)
        assert closed


async def test_a_download_of_many_megabytes_is_never_held_whole() -> None:
    size = 50 * 2**20

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        for _ in range(size // 2**16):
            writer.write(b"x" * 2**16)
            await writer.drain()

    async with upstream(serve) as (_, endpoint), Transport() as transport:
        largest = total = 0
        async with await transport.send(Request("GET", b"/"), [endpoint]) as response:
            async for piece in response:
                total += len(piece)
                largest = max(largest, len(piece))
                await asyncio.sleep(0)
        assert total == size
        assert largest <= 2**20


async def test_a_streamed_request_is_never_repeated() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        writer.close()

    async with upstream(serve) as (one, first), upstream(serve) as (other, second), Transport() as transport:
        with pytest.raises(TransportError):
            await transport.send(Request("PUT", b"/", body=Body()), [first, second])
        assert one.accepted + other.accepted == 1
