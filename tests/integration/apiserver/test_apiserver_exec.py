"""`exec` over a WebSocket: channels, both versions of the protocol, and whom it refuses."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType

from kubeless.core.errors import KubelessError
from kubeless.local.apiserver.channels import PROTOCOLS
from kubeless.local.apiserver.execution import ExecRequest
from kubeless.local.apiserver.server import ApiServer

PODS = "/api/v1/namespaces/default/pods"
V5, V4 = PROTOCOLS


class Echo:
    """A command that prints what it is given, says goodbye on standard error, and ends with 3."""

    def __init__(self) -> None:
        self.requests: list[ExecRequest] = []
        self.sizes: list[tuple[int, int]] = []
        self.left = asyncio.Event()
        self._lines: asyncio.Queue[bytes] = asyncio.Queue(4)
        self._rest = [b"bye"]

    @asynccontextmanager
    async def execute(self, request: ExecRequest) -> AsyncIterator["Echo"]:
        if "refused" in request.command:
            raise KubelessError("container c of pod p is not running")
        self.requests.append(request)
        try:
            yield self
        finally:
            self.left.set()

    async def read_stdout(self) -> bytes:
        return await self._lines.get()

    async def read_stderr(self) -> bytes:
        return self._rest.pop() if self._rest else b""

    async def write_stdin(self, data: bytes) -> None:
        await self._lines.put(data)

    def close_stdin(self) -> None:
        self._lines.put_nowait(b"")

    def resize(self, columns: int, rows: int) -> None:
        self.sizes.append((columns, rows))

    async def wait(self) -> int:
        return 3


@pytest.fixture
async def echo() -> Echo:
    return Echo()


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    async with ClientSession() as client:
        yield client


@pytest.fixture
async def url(echo: Echo, session: ClientSession) -> AsyncIterator[str]:
    async with ApiServer(commands=echo) as server:
        body = {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "registry.invalid/c"}]}}
        async with session.post(server.url + PODS, json=body) as response:
            assert response.status == 201
        yield f"{server.url}{PODS}/p/exec"


async def received(socket: ClientWebSocketResponse) -> dict[int, bytes]:
    """What came on each channel until the server closed."""
    channels: dict[int, bytes] = {}
    async for message in socket:
        assert message.type is WSMsgType.BINARY
        channels[message.data[0]] = channels.get(message.data[0], b"") + message.data[1:]
    return channels


async def test_streams_size_and_exit_code_go_through_channels(url: str, session: ClientSession, echo: Echo) -> None:
    query = "?command=cat&command=-u&stdin=true&stdout=true&stderr=true"
    async with session.ws_connect(url + query, protocols=[V5]) as socket:
        assert socket.protocol == V5
        for message in (
            b"\x04" + b'{"Width": 80, "Height": 24}',
            b"\x04not a size",
            b"\x00one",
            b"\x00two",
            b"",
            b"\x09?",
        ):
            await socket.send_bytes(message)
        await socket.send_bytes(b"\xff\x00")
        channels = await received(socket)
    assert (channels[1], channels[2]) == (b"onetwo", b"bye")
    assert json.loads(channels[3])["details"]["causes"] == [{"reason": "ExitCode", "message": "3"}]
    assert echo.sizes == [(80, 24)]
    request = echo.requests[0]
    assert (request.container, request.command, request.stdin, request.tty) == ("c", ["cat", "-u"], True, False)


async def test_the_older_protocol_knows_no_end_of_input_and_the_command_ends_with_its_client(
    url: str, session: ClientSession, echo: Echo
) -> None:
    async with session.ws_connect(f"{url}?command=cat&stdin=true&stdout=true", protocols=[V4]) as socket:
        await socket.send_bytes(b"\xff\x00")
        await socket.send_bytes(b"\x00still here")
        while (message := await socket.receive_bytes())[:1] != b"\x01":
            assert message[:1] == b"\x02"
        assert message == b"\x01still here"
        assert not echo.left.is_set()
    async with asyncio.timeout(60):
        await echo.left.wait()


@pytest.mark.parametrize(
    ("query", "headers", "code", "words"),
    [
        ("command=ls&stdout=true", {"Upgrade": "SPDY/3.1"}, 400, "KUBECTL_REMOTE_COMMAND_WEBSOCKETS=true"),
        ("command=ls&stdout=true", {"Origin": "http://evil.example"}, 403, "not allowed"),
        ("stdout=true", {}, 400, "at least 1 command"),
        ("command=ls", {}, 400, "at least 1 of stdin, stdout, stderr"),
        ("command=ls&stdout=true&container=x", {}, 400, "not valid for pod p"),
        ("command=refused&stdout=true", {}, 400, "is not running"),
    ],
)
async def test_who_may_not_or_cannot_run_a_command_is_told_why(
    url: str, session: ClientSession, echo: Echo, query: str, headers: dict[str, str], code: int, words: str
) -> None:
    upgrade = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
        "Sec-WebSocket-Protocol": V5,
    }
    async with session.get(f"{url}?{query}", headers=upgrade | headers) as response:
        assert response.status == code
        assert words in (await response.json())["message"]
    assert echo.requests == []
