"""The transport against endpoints that misbehave, on real sockets."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from kubeless.delivery.transport.errors import (
    BadResponse,
    ConnectFailed,
    ConnectionLost,
    InvalidRequest,
    PoolExhausted,
    ReadTimeout,
    TotalTimeout,
    TransportClosed,
)
from kubeless.delivery.transport.limits import Limits
from kubeless.delivery.transport.request import Request
from kubeless.delivery.transport.timeouts import Timeouts
from kubeless.delivery.transport.transport import Transport
from kubeless.routing.endpoints import Endpoint
from support.rawupstream import Serve, read_head, silent, until, upstream

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
GET = Request("GET", b"/")
POST = Request("POST", b"/", body=b"event")


def answering(*answers: bytes) -> Serve:
    """Answer each request on a connection with the next of `answers`, then close it."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in answers:
            head = await read_head(reader)
            if b"Content-Length: 5\r\n" in head:
                await reader.readexactly(5)
            writer.write(answer)
            await writer.drain()
        writer.close()

    return serve


async def test_a_connection_is_kept_and_used_again() -> None:
    async with upstream(answering(OK, OK, OK)) as (server, endpoint), Transport() as transport:
        for _ in range(3):
            async with await transport.send(POST, [endpoint]) as response:
                assert (response.status, await response.read()) == (200, b"hi")
        assert server.accepted == 1
        assert transport.counters.connections_reused == 2


@pytest.mark.parametrize(
    "answer",
    [
        OK + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil",
        OK + b"x",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi",
    ],
)
async def test_a_doubtful_connection_is_not_used_again(answer: bytes) -> None:
    async with upstream(answering(answer, OK)) as (server, endpoint), Transport() as transport:
        for _ in range(2):
            async with await transport.send(POST, [endpoint]) as response:
                assert await response.read() == b"hi"
        assert server.accepted == 2


async def test_bytes_that_come_while_idle_end_the_connection() -> None:
    talk = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        writer.write(OK)
        await talk.wait()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")

    async with upstream(serve) as (server, endpoint), Transport() as transport:
        async with await transport.send(GET, [endpoint]) as response:
            await response.read()
        assert transport.idle == 1
        talk.set()
        await server.wait_closed(1)
        await until(lambda: transport.idle == 0)


async def test_an_idle_connection_that_the_endpoint_closed_is_replaced_before_a_post_is_written() -> None:
    async with upstream(answering(OK)) as (server, endpoint), Transport() as transport:
        for _ in range(3):
            async with await transport.send(POST, [endpoint]) as response:
                assert await response.read() == b"hi"
            await until(lambda: transport.idle == 0)
        assert server.accepted == 3


async def close_second_unanswered(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """The keep-alive race: the request has been written when the endpoint closes."""
    await read_head(reader)
    writer.write(OK)
    await read_head(reader)
    writer.close()


async def test_the_keep_alive_race_is_invisible_to_an_idempotent_request() -> None:
    async with upstream(close_second_unanswered) as (server, endpoint), Transport() as transport:
        for _ in range(2):
            async with await transport.send(GET, [endpoint]) as response:
                assert await response.read() == b"hi"
        assert server.accepted == 2
        assert transport.counters.retries == 1


async def test_the_keep_alive_race_is_told_to_whoever_sent_a_post() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        await reader.readexactly(5)
        writer.write(OK)
        await read_head(reader)
        writer.close()

    async with upstream(serve) as (server, endpoint), Transport() as transport:
        async with await transport.send(POST, [endpoint]) as response:
            await response.read()
        with pytest.raises(ConnectionLost) as caught:
            await transport.send(POST, [endpoint])
        assert caught.value.retriable
        assert not caught.value.unsent
        assert server.accepted == 1


async def test_a_refused_connection_sends_even_a_post_to_another_endpoint() -> None:
    async with upstream(answering(OK)) as (_, endpoint), Transport(draw=lambda: 0.0) as transport:
        closed = Endpoint("127.0.0.1", 1)
        async with await transport.send(POST, [closed, endpoint]) as response:
            assert await response.read() == b"hi"
        with pytest.raises(ConnectFailed, match=r"127\.0\.0\.1:1"):
            await transport.send(POST, [closed])


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"", ConnectionLost),
        (b"HTTP/1.1 200", ConnectionLost),
        (b"garbage\r\n\r\n", BadResponse),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nhi", BadResponse),
    ],
)
async def test_an_endpoint_that_does_not_speak_http_is_an_error(answer: bytes, error: type[Exception]) -> None:
    async with upstream(answering(answer)) as (server, endpoint), Transport() as transport:
        with pytest.raises(error):
            await transport.send(POST, [endpoint])
        await server.wait_closed(1)
        assert (transport.busy, transport.idle) == (0, 0)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhi",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n",
    ],
)
async def test_a_body_that_is_cut_short_is_never_taken_for_a_whole_one(answer: bytes) -> None:
    async with upstream(answering(answer)) as (_, endpoint), Transport() as transport:
        response = await transport.send(POST, [endpoint])
        assert await anext(response) == b"hi"
        with pytest.raises(ConnectionLost):
            await anext(response)


async def test_silence_before_the_head_is_a_read_timeout() -> None:
    async with upstream(silent) as (server, endpoint), Transport() as transport:
        with pytest.raises(ReadTimeout):
            await transport.send(POST, [endpoint], Timeouts(read=0.05))
        await server.wait_closed(1)
        assert transport.busy == 0


async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_head(reader)
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n")
    for _ in range(10):
        await asyncio.sleep(0.03)
        writer.write(b"x")
        await writer.drain()


async def test_a_trickle_is_no_silence() -> None:
    async with upstream(trickle) as (_, endpoint), Transport() as transport:
        response = await transport.send(GET, [endpoint], Timeouts(read=0.2))
        assert await response.read() == b"x" * 10


async def test_a_trickle_does_not_escape_the_total_timeout() -> None:
    async with upstream(trickle) as (server, endpoint), Transport() as transport:
        response = await transport.send(GET, [endpoint], Timeouts(read=1, total=0.1))
        with pytest.raises(TotalTimeout):
            await response.read()
        await server.wait_closed(1)


async def test_silence_within_a_body_is_a_read_timeout() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nx")

    async with upstream(serve) as (server, endpoint), Transport() as transport:
        response = await transport.send(GET, [endpoint], Timeouts(read=0.05))
        with pytest.raises(ReadTimeout):
            await response.read()
        await server.wait_closed(1)


async def test_a_slow_reader_is_no_silent_endpoint_and_stops_the_flow() -> None:
    sent = 0
    size = 32 * 1024 * 1024

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await read_head(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        while sent < size:
            writer.write(b"x" * 65536)
            sent += 65536
            await writer.drain()

    async with upstream(serve) as (_, endpoint), Transport() as transport:
        response = await transport.send(GET, [endpoint], Timeouts(read=0.05))
        before = -1
        while sent != before:  # wait until the endpoint is stuck
            before = sent
            await asyncio.sleep(0.2)
        assert sent < size
        assert len(await response.read(limit=size)) == size
        assert transport.idle == 1


@pytest.mark.parametrize("reading", [False, True])
async def test_cancelling_closes_the_connection(reading: bool) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        if reading:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nx")
        await reader.read()

    async def exchange() -> None:
        async with await transport.send(GET, [endpoint]) as response:
            await response.read()

    async with upstream(serve) as (server, endpoint), Transport() as transport:
        task = asyncio.create_task(exchange())
        await until(lambda: server.accepted == 1)
        await asyncio.sleep(0.02)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await server.wait_closed(1)
        assert (transport.busy, transport.idle) == (0, 0)


async def test_cancelling_at_every_step_never_leaves_a_dirty_connection() -> None:
    """Each answer echoes its request's number: a response read by the wrong request would show."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            number = (await read_head(reader)).split(b" ")[1]
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(number))
            await asyncio.sleep(0)
            writer.write(number)

    async def exchange(number: int) -> None:
        async with await transport.send(Request("GET", b"/%d" % number), [endpoint]) as response:
            assert await response.read() == b"/%d" % number

    async with upstream(serve) as (_, endpoint), Transport(Limits(max_connections=4)) as transport:
        for steps in range(30):
            tasks = [asyncio.create_task(exchange(100 * steps + number)) for number in range(8)]
            for _ in range(steps):
                await asyncio.sleep(0)
            for task in tasks[::2]:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
            assert all(result is None for result in results[1::2])
        await until(lambda: transport.busy == 0)
        assert transport.waiting == 0


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def echo_raw(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer with the framing and the body exactly as they came."""
    head = await read_head(reader)
    body = await (reader.readuntil(b"0\r\n\r\n") if b"chunked" in head else reader.readexactly(6))
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


async def test_a_streamed_body_arrives_in_chunks_or_by_length() -> None:
    async with (
        upstream(echo_raw) as (_, endpoint),
        Transport() as transport,
        await transport.send(Request("POST", b"/", body=pieces(b"abc", b"", b"def")), [endpoint]) as response,
    ):
        assert await response.read() == b"3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n"
    async with upstream(echo_raw) as (_, endpoint), Transport() as transport:
        request = Request("POST", b"/", body=pieces(b"abc", b"def"), content_length=6)
        async with await transport.send(request, [endpoint]) as response:
            assert await response.read() == b"abcdef"


@pytest.mark.parametrize("parts", [(b"abc",), (b"abc", b"defg")])
async def test_a_body_that_is_not_as_long_as_announced_is_never_completed(parts: tuple[bytes, ...]) -> None:
    async with upstream(silent) as (server, endpoint), Transport() as transport:
        with pytest.raises(InvalidRequest, match=r"6 (bytes )?announced"):
            await transport.send(Request("POST", b"/", body=pieces(*parts), content_length=6), [endpoint])
        await server.wait_closed(1)


async def test_the_error_of_a_body_reaches_the_caller_and_closes_the_connection() -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"abc"
        raise LookupError("source is gone")

    async with upstream(silent) as (server, endpoint), Transport() as transport:
        with pytest.raises(LookupError, match="source is gone"):
            await transport.send(Request("POST", b"/", body=broken()), [endpoint])
        await server.wait_closed(1)


async def test_an_answer_may_come_before_the_body_is_sent() -> None:
    ended = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"x" * 65536
        finally:
            ended.set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno")

    async with upstream(serve) as (server, endpoint), Transport() as transport:
        async with await transport.send(Request("POST", b"/", body=endless()), [endpoint]) as response:
            assert (response.status, await response.read()) == (413, b"no")
        await asyncio.wait_for(ended.wait(), 5)
        await server.wait_closed(1)
        assert (transport.busy, transport.idle) == (0, 0)


async def test_both_bodies_flow_at_the_same_time() -> None:
    answered = asyncio.Event()

    async def conversation() -> AsyncIterator[bytes]:
        yield b"one"
        await answered.wait()
        yield b"two"

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n")
        await reader.readuntil(b"one\r\n")
        writer.write(b"1")
        await reader.readuntil(b"0\r\n\r\n")
        writer.write(b"2")

    async with upstream(serve) as (_, endpoint), Transport() as transport:
        async with await transport.send(Request("POST", b"/", body=conversation()), [endpoint]) as response:
            assert await anext(response) == b"1"
            answered.set()
            assert await anext(response) == b"2"
        await until(lambda: transport.idle == 1)


async def test_an_endpoint_that_takes_no_bytes_is_silent_and_a_body_that_has_none_is_not() -> None:
    async def stuck(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(5)

    async with upstream(stuck) as (_, endpoint), Transport() as transport:
        request = Request("POST", b"/", body=b"x" * (64 << 20))
        with pytest.raises(ReadTimeout):
            await transport.send(request, [endpoint], Timeouts(read=0.3))

    async def slow() -> AsyncIterator[bytes]:
        yield b"abc"
        await asyncio.sleep(0.2)
        yield b"def"

    async with upstream(echo_raw) as (_, endpoint), Transport() as transport:
        request = Request("POST", b"/", body=slow(), content_length=6)
        async with await transport.send(request, [endpoint], Timeouts(read=0.05)) as response:
            assert await response.read() == b"abcdef"


async def test_requests_beyond_the_bound_wait_their_turn() -> None:
    async with upstream(answering(*[OK] * 50)) as (server, endpoint), Transport(Limits(max_connections=2)) as transport:

        async def exchange() -> bytes:
            async with await transport.send(POST, [endpoint]) as response:
                return await response.read()

        assert await asyncio.gather(*(exchange() for _ in range(40))) == [b"hi"] * 40
        assert server.accepted == 2


async def test_a_pool_that_stays_full_is_an_error_of_its_own() -> None:
    limits = Limits(max_connections=1, max_waiting=1)
    async with upstream(silent) as (_, endpoint), Transport(limits) as transport:
        busy = asyncio.create_task(transport.send(POST, [endpoint]))
        await until(lambda: transport.busy == 1)
        waiting = asyncio.create_task(transport.send(POST, [endpoint], Timeouts(acquire=0.05)))
        await until(lambda: transport.waiting == 1)
        with pytest.raises(PoolExhausted, match="already"):
            await transport.send(POST, [endpoint])
        with pytest.raises(PoolExhausted, match="became free"):
            await waiting
        busy.cancel()
        await asyncio.gather(busy, return_exceptions=True)


async def test_idle_connections_expire_and_endpoints_are_forgotten() -> None:
    async with upstream(answering(OK, OK)) as (server, endpoint), Transport(Limits(idle_expiry=0.05)) as transport:
        async with await transport.send(GET, [endpoint]) as response:
            await response.read()
        assert transport.idle == 1
        await server.wait_closed(1)
        await until(lambda: "endpoints=0" in repr(transport))


async def test_draining_finishes_what_is_under_way_and_takes_no_more() -> None:
    go = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        await go.wait()
        writer.write(OK)

    async with upstream(serve) as (_, endpoint), Transport() as transport, asyncio.TaskGroup() as group:
        sending = group.create_task(transport.send(GET, [endpoint]))
        await until(lambda: transport.busy == 1)
        draining = group.create_task(transport.drain(5))
        await asyncio.sleep(0)
        with pytest.raises(TransportClosed):
            await transport.send(GET, [endpoint])
        go.set()
        assert await draining
        assert await (await sending).read() == b"hi"
        assert transport.idle == 0


async def test_closing_ends_what_is_under_way() -> None:
    async with upstream(silent) as (server, endpoint):
        async with Transport() as transport:
            sending = asyncio.create_task(transport.send(GET, [endpoint]))
            await until(lambda: server.accepted == 1)
            assert not await transport.drain(0.01)
        with pytest.raises(ConnectionLost):
            await sending
        await server.wait_closed(1)


async def test_what_cannot_be_written_is_refused_before_anything_is_sent() -> None:
    async with upstream(silent) as (server, endpoint), Transport() as transport:
        with pytest.raises(InvalidRequest):
            await transport.send(Request("GET", b"/", [(b"A", b"b\r\nC: d")]), [endpoint])
        assert server.accepted == 0
