"""What passes the gateway besides plain requests: WebSockets, events, large uploads, passwords."""

import asyncio
import base64
import hashlib
import http.client
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import bcrypt

from support.localplatform import LocalPlatform, deploy, eventually

EXAMPLES = Path(__file__).parents[2] / "examples" / "python"
TICKS = """
import time

def run(event, context):
    return event["extensions"]["request"].stream(ticks(), content_type="text/event-stream")

def ticks():
    for number in range(4):
        yield f"data: {number} {time.time()}\\n\\n"
        time.sleep(0.5)
"""
SUM = "import hashlib\n\n\ndef run(event, context):\n    return hashlib.sha256(event['data']).hexdigest()\n"
ECHO = "def run(event, context):\n    return event['data']\n"

UPLOAD = 100_000_000
MOST_MEMORY = 20 << 20
"""Bytes that the platform may need for an upload, however large: the gateway and all the rest is one process."""


def connect(platform: LocalPlatform) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(urlsplit(platform.status["addresses"]["gateway"]).netloc, timeout=30)


def route(platform: LocalPlatform, name: str, *more: str) -> str:
    """A route for a function of this name; gives its host."""
    host = f"{name}.example.com"
    platform.kubeless("trigger", "http", "create", name, "--function-name", name, "--hostname", host, *more)
    return host


async def test_a_websocket_reaches_a_function(platform: LocalPlatform) -> None:
    deploy(platform, "chat", (EXAMPLES / "chat.py").read_text())
    host = route(platform, "chat", "--path", "room")
    url = platform.status["addresses"]["gateway"] + "/room/1"
    async with asyncio.timeout(30), aiohttp.ClientSession() as session:
        while True:
            try:
                socket = await session.ws_connect(url, headers={"Host": host}, max_msg_size=0)
                break
            except aiohttp.WSServerHandshakeError:  # the route is not there yet
                await asyncio.sleep(0.05)
        await socket.send_str("hello")
        assert await socket.receive_str() == "hello"
        await socket.send_bytes(large := bytes(range(256)) * 8192)
        assert await socket.receive_bytes() == large
        await socket.close()
        assert socket.close_code == 1000
        async with session.get(url, headers={"Host": host}) as plain:
            assert plain.status == 426


def test_events_arrive_one_by_one_while_they_are_made(platform: LocalPlatform) -> None:
    deploy(platform, "ticks", TICKS)
    host = route(platform, "ticks")
    eventually(lambda: platform.http("GET", "/", host=host).status == 200)
    connection = connect(platform)
    connection.request("GET", "/", headers={"Host": host, "Accept": "text/event-stream"})
    answer = connection.getresponse()
    assert answer.headers["Content-Type"] == "text/event-stream"
    lines = [(line.split(), time.time()) for line in iter(answer.readline, b"") if line.strip()]
    connection.close()
    assert [words[1] for words, _ in lines] == [b"0", b"1", b"2", b"3"]
    lateness = [arrived - float(words[2]) for words, arrived in lines]
    assert max(lateness) < 0.4, "an event waited for the next one"


def test_an_upload_of_100_megabytes_passes_without_filling_memory(platform: LocalPlatform) -> None:
    deploy(platform, "sum", SUM)
    host = route(platform, "sum")
    eventually(lambda: platform.http("POST", "/", host=host, data=b"").status == 200)
    block = bytes(range(250)) * 4000
    expected = hashlib.sha256(block * (UPLOAD // len(block))).hexdigest()
    process = Path(f"/proc/{platform.status['pid']}")
    for headers in ({"Content-Length": str(UPLOAD)}, {"Transfer-Encoding": "chunked"}):
        (process / "clear_refs").write_text("5")  # the peak begins anew
        before = memory(process, "VmRSS")
        connection = connect(platform)
        body: Iterator[bytes] = (block for _ in range(UPLOAD // len(block)))
        connection.request("POST", "/", body, {"Host": host, **headers}, encode_chunked="Content-Length" not in headers)
        answer = connection.getresponse()
        assert (answer.status, answer.read().decode()) == (200, expected)
        connection.close()
        assert memory(process, "VmHWM") - before < MOST_MEMORY


def memory(process: Path, kind: str) -> int:
    """Bytes."""
    lines = (process / "status").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith(f"{kind}:"))


def test_a_password_opens_what_is_closed_without(platform: LocalPlatform) -> None:
    deploy(platform, "private", ECHO)
    (platform.folder / "auth").write_bytes(b"ann:" + bcrypt.hashpw(b"right", bcrypt.gensalt(10)) + b"\n")
    platform.kubectl("create", "secret", "generic", "users", "--from-file=auth")
    host = route(platform, "private", "--basic-auth-secret", "users")
    eventually(lambda: platform.http("GET", "/", host=host).status == 401)
    connection = connect(platform)
    for given, status in ((None, 401), ("ann:wrong", 401), ("bob:right", 401), ("ann:right", 200), ("ann:right", 200)):
        headers = {"Host": host}
        if given is not None:
            headers["Authorization"] = "Basic " + base64.b64encode(given.encode()).decode()
        connection.request("POST", "/", b"hi", headers)
        answer = connection.getresponse()
        assert answer.status == status, given
        assert ("WWW-Authenticate" in answer.headers) == (status == 401)
        assert (answer.read() == b"hi") == (status == 200)
    connection.close()
