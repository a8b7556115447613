"""Answers that come in parts, and WebSockets, from the real function server."""

import asyncio
import http.client
import json
import os
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest

from integration.runtimes_python.function_server import Serve, Server, wait_for

SYNC = """
import time

def run(event, context):
    request = event["extensions"]["request"]
    return request.stream(parts(), content_type="text/event-stream", headers={"X-A": "b"})

def parts():
    try:
        for number in range(3):
            yield "data: %d\\n\\n" % number
            time.sleep(0.2)
    finally:
        print("closed", flush=True)
"""
ASYNC = """
import asyncio

async def run(event, context):
    return event["extensions"]["request"].stream(parts(), content_type="text/event-stream", headers={"X-A": "b"})

async def parts():
    try:
        for number in range(3):
            yield "data: %d\\n\\n" % number
            await asyncio.sleep(0.2)
    finally:
        print("closed", flush=True)
"""
ENDLESS_SYNC = SYNC.replace("range(3)", "range(10**9)")
ENDLESS_ASYNC = ASYNC.replace("range(3)", "range(10**9)")
ECHO = """
async def run(event, context):
    socket = await event["extensions"]["request"].websocket(protocols=["chat", "echo"])
    async for message in socket:
        if message == "fail":
            raise ValueError("asked for")
        if message == "bye":
            return
        await socket.send(message)
    print("ended with", socket.close_code, flush=True)
"""


@asynccontextmanager
async def websocket(
    server: Server, protocols: tuple[str, ...] = (), *, autoclose: bool = True
) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    async with (
        asyncio.timeout(20),
        aiohttp.ClientSession() as session,
        session.ws_connect(
            f"http://127.0.0.1:{server.port}/", protocols=protocols, autoclose=autoclose, max_msg_size=0
        ) as ws,
    ):
        yield ws


@pytest.mark.parametrize("source", [SYNC, ASYNC])
def test_each_part_is_sent_when_it_is_made(serve: Serve, source: str) -> None:
    server = serve(source)
    connection = server.connect()
    connection.request("GET", "/")
    answer = connection.getresponse()
    assert (answer.status, answer.headers["X-A"]) == (200, "b")
    assert (answer.headers["Content-Type"], answer.headers["Transfer-Encoding"]) == ("text/event-stream", "chunked")
    assert answer.readline() == b"data: 0\n"
    assert "closed" not in server.log, "the first part came only with the last"
    assert answer.read() == b"\ndata: 1\n\ndata: 2\n\n"
    server.wait_log("closed")
    server.wait_log('"GET / HTTP/1.1" 200 27')
    connection.request("GET", "/again")
    assert connection.getresponse().read().endswith(b"data: 2\n\n"), "the connection goes on"
    connection.close()
    assert server.calls_total() == 2


def test_a_generator_that_is_async_is_a_stream_by_itself(serve: Serve) -> None:
    server = serve("async def run(event, context):\n    yield b'a'\n    yield 'b'\n")
    assert server.call().body == b"ab"


def test_a_client_of_http_1_0_reads_until_the_end_and_head_gets_no_body(serve: Serve) -> None:
    server = serve(SYNC)
    answer = server.exchange(b"GET / HTTP/1.0\r\n\r\n")
    assert answer.endswith(b"\r\n\r\ndata: 0\n\ndata: 1\n\ndata: 2\n\n")
    assert b"chunked" not in answer
    assert server.exchange(b"HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").endswith(b"\r\n\r\n")


@pytest.mark.parametrize("source", [ENDLESS_SYNC, ENDLESS_ASYNC])
def test_a_stream_ends_with_its_client_and_its_generator_is_closed(serve: Serve, source: str) -> None:
    server = serve(source)
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert client.recv(100)
    server.wait_log("closed")
    assert server.call(method="HEAD").status == 200


def test_what_a_client_does_not_take_is_not_made(serve: Serve) -> None:
    server = serve(
        "made = 0\n\ndef run(event, context):\n    return event['extensions']['request'].stream(parts())\n\n"
        "def parts():\n    global made\n    while True:\n        made += 1\n"
        "        print('made', made, flush=True)\n        yield b'x' * 1000000\n"
    )
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        server.wait_log("made 2")
        wait_for(lambda: len({server.log, _later(server)}) == 1, "the stream stands still")
        assert "made 30" not in server.log


def _later(server: Server) -> str:
    """What the log is a moment later: a stream that waits adds nothing to it."""
    server.call("/healthz")
    server.call("/metrics")
    return server.log


@pytest.mark.parametrize(
    ("code", "status", "reason"),
    [
        ("iter([1])", 500, "give str or bytes"),
        ("(1 / 0 for _ in 'a')", 500, "ZeroDivisionError"),
        ("'text'", 500, "give an iterator"),
        ("iter('a'), status=99", 500, "number from 200"),
        ("iter('a'), status=204", 500, "number from 200"),
        ("iter('a'), content_type='a\\r\\nb'", 500, "no header may have"),
        ("iter('a'), headers={'x': 'a\\nb'}", 500, "no header may have"),
        ("iter('a'), headers={'Content-Length': '9'}", 200, ""),
        ("iter(()), status=404", 404, ""),
    ],
)
def test_a_stream_that_cannot_begin_has_its_own_status(serve: Serve, code: str, status: int, reason: str) -> None:
    server = serve(f"def run(event, context):\n    return event['extensions']['request'].stream({code})\n")
    answer = server.call()
    assert answer.status == status
    assert "Content-Length" not in answer.headers or status == 500
    server.wait_log(reason)


def test_an_error_within_a_stream_is_seen_by_the_client(serve: Serve) -> None:
    server = serve("async def run(event, context):\n    yield 'a'\n    raise ValueError('late')\n")
    with pytest.raises(http.client.IncompleteRead):
        server.call()
    server.wait_log("ValueError: late")
    assert b"\r\n0\r\n" not in server.exchange(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")


@pytest.mark.parametrize(
    "source",
    [
        "import asyncio\n\nasync def run(event, context):\n    yield 'a'\n    await asyncio.sleep(100)\n",
        "import time\n\ndef run(event, context):\n    return event['extensions']['request'].stream(parts())\n\n"
        "def parts():\n    yield 'a'\n    time.sleep(100)\n",
        "import time\n\nasync def run(event, context):\n    yield 'a'\n    time.sleep(100)\n",
    ],
    ids=["async", "thread", "blocked loop"],
)
def test_a_stream_that_falls_silent_is_cut_and_the_function_goes_on(serve: Serve, source: str) -> None:
    server = serve(source, FUNC_TIMEOUT="1")
    answer = server.exchange(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert answer.endswith(b"1\r\na\r\n"), answer
    wait_for(lambda: server.call("/healthz").status == 200, "the function goes on")


def test_the_first_part_has_the_timeout_of_the_function(serve: Serve) -> None:
    server = serve(ENDLESS_ASYNC.replace("try:", "await asyncio.sleep(100)\n    try:"), FUNC_TIMEOUT="1")
    assert server.call().status == 408


async def test_messages_come_back_as_they_were(serve: Serve) -> None:
    server = serve(ECHO)
    async with websocket(server, ("echo",)) as ws:
        assert ws.protocol == "echo"
        for text in ("", "a", "\N{SNOWMAN}" * 50_000):
            await ws.send_str(text)
            assert (await ws.receive_str()) == text
        for size in (0, 125, 126, 65_535, 65_536, 3_000_000):
            await ws.send_bytes(data := os.urandom(size))
            assert (await ws.receive_bytes()) == data
        await ws.ping(b"still there?")
        await ws.send_str("after the ping")
        assert (await ws.receive_str()) == "after the ping"
    server.wait_log("ended with 1000")
    server.wait_log('"GET / HTTP/1.1" 101 0')
    assert "exception" not in server.log


async def test_a_function_that_returns_or_fails_closes_with_a_code(serve: Serve) -> None:
    server = serve(ECHO)
    for word, code in (("bye", 1000), ("fail", 1011)):
        async with websocket(server) as ws:
            await ws.send_str(word)
            assert (await ws.receive()).type is aiohttp.WSMsgType.CLOSE
            assert ws.close_code == code
    server.wait_log("ValueError: asked for")
    assert await asyncio.to_thread(server.calls_total) == 2


async def test_a_client_that_breaks_off_ends_the_function_quietly(serve: Serve) -> None:
    waiting = ECHO.replace(
        "    async for",
        "    print('open', flush=True)\n    import asyncio\n    await asyncio.sleep(1000)\n    async for",
    )
    for source in (ECHO, waiting):
        server = serve(source)
        with socket.create_connection(("127.0.0.1", server.port)) as client:
            client.sendall(UPGRADE)
            assert client.recv(100).startswith(b"HTTP/1.1 101 ")
        server.wait_log("101 0")
        assert "exception" not in server.log


UPGRADE = (
    b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


def test_frames_right_behind_the_request_are_not_lost(serve: Serve) -> None:
    server = serve(ECHO)
    bye = b"\x81\x83\0\0\0\0bye"
    answer = server.exchange(UPGRADE + bye + b"\x88\x80\0\0\0\0")
    assert b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in answer, "the example of RFC 6455, 1.3"
    assert answer.endswith(b"\x88\x02\x03\xe8") or answer.endswith(b"\x88\x00")


@pytest.mark.parametrize(
    ("changed", "to", "status"),
    [
        (b"Upgrade: websocket", b"Upgrade: h2c", 426),
        (b"Upgrade: websocket\r\n", b"", 426),
        (b"Version: 13", b"Version: 8", 426),
        (b"Connection: keep-alive, Upgrade", b"Connection: close", 426),
        (b"GET", b"POST", 400),
        (b"HTTP/1.1", b"HTTP/1.0", 400),
        (b"dGhlIHNhbXBsZSBub25jZQ==", b"c2hvcnQ=", 400),
        (b"dGhlIHNhbXBsZSBub25jZQ==", b"!", 400),
    ],
)
def test_a_request_that_is_no_websocket_is_told_so(serve: Serve, changed: bytes, to: bytes, status: int) -> None:
    server = serve(ECHO)
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
        client.sendall(UPGRADE.replace(changed, to, 1))
        head = client.recv(65536)
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert (b"Sec-WebSocket-Version: 13" in head) == (status == 426)
    assert "exception" not in server.log


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"\x81\x03bye", 1002),
        (b"\xc1\x83\0\0\0\0bye", 1002),
        (b"\x83\x80\0\0\0\0", 1002),
        (b"\x80\x80\0\0\0\0", 1002),
        (b"\x01\x81\0\0\0\0a\x81\x81\0\0\0\0a", 1002),
        (b"\x09\x80\0\0\0\0", 1002),
        (b"\x89\xfe\0\x7e\0\0\0\0", 1002),
        (b"\x88\x81\0\0\0\0\x03", 1002),
        (b"\x88\x82\0\0\0\0\x03\xed", 1002),
        (b"\x81\x82\0\0\0\0\xff\xfe", 1007),
        (b"\x82\xff\0\0\0\1\0\0\0\0\0\0\0\0", 1009),
    ],
)
def test_frames_against_the_rules_end_the_connection(serve: Serve, raw: bytes, code: int) -> None:
    server = serve(ECHO)
    answer = server.exchange(UPGRADE + raw)
    frame = answer.partition(b"\r\n\r\n")[2]
    assert (frame[0], int.from_bytes(frame[2:4], "big")) == (0x88, code)


async def test_a_client_that_does_not_read_stops_the_function_and_one_that_floods_is_not_read(serve: Serve) -> None:
    source = """
import asyncio, json, resource
sent = 0

async def run(event, context):
    global sent
    request = event["extensions"]["request"]
    if request.path == "/memory":
        return json.dumps([resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, sent])
    socket = await request.websocket()
    await asyncio.sleep(1)
    while True:
        await socket.send(b"x" * 100000)
        sent += 1
"""
    server = serve(source)
    before, _ = json.loads((await asyncio.to_thread(server.call, "/memory")).body)
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(UPGRADE)
    await reader.readuntil(b"\r\n\r\n")
    frame = b"\x82\xff" + (60_000).to_bytes(8, "big") + b"\0\0\0\0" + bytes(60_000)
    flooding = asyncio.create_task(_write(writer, frame * 2000))
    _, not_taken = await asyncio.wait({flooding}, timeout=3)
    flooding.cancel()
    assert not_taken
    after, sent = json.loads((await asyncio.to_thread(server.call, "/memory")).body)
    writer.transport.abort()
    assert after - before < 30_000, "kilobytes"
    assert sent < 200


async def _write(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(data)
    await writer.drain()


async def test_a_server_that_stops_sends_its_websockets_away(serve: Serve) -> None:
    server = serve(ECHO)
    async with websocket(server) as ws:
        await ws.send_str("a")
        assert await ws.receive_str() == "a"
        server.process.send_signal(signal.SIGTERM)
        await ws.receive()
        assert ws.close_code == 1001
    assert await asyncio.to_thread(server.process.wait, 10) == 0
