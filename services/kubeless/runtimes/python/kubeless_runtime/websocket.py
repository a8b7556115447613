"""
WebSockets for functions: `socket = await event["extensions"]["request"].websocket()` (RFC 6455).

The function reads and writes messages; pings, fragments and the closing handshake are seen to here. A client that
sends faster than the function reads is not read any further, and a function that sends faster than the client takes
has to wait: no message waits in memory without bound.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import hashlib
from collections import deque

from . import frames

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Protocol

    from .request import Request

    class Wire(Protocol):
        """The connection, as a WebSocket sees it."""

        transport: asyncio.Transport

        async def wait_writable(self) -> None: ...


_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_MAX_WAITING = 256 * 1024
"""Bytes of messages that wait for the function; beyond it the client is not read."""
_MESSAGE_COST = 64
"""Counted for each message that waits, so that empty ones are not free."""
QUIET = 30.0
"""Seconds of silence after which a client is asked whether it is there; after as many more it is given up."""
_CLOSE_WITHIN = 5.0


class NotAWebSocket(Exception):
    """The request does not ask for a WebSocket. A function that lets it pass answers with just this."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status_code = status
        self.headers = {"Upgrade": "websocket", "Sec-WebSocket-Version": "13"} if status == 426 else {}
        self.body = reason + "\n"


class WebSocketClosed(Exception):
    """The WebSocket has ended. A function that lets it pass has not failed."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__("the WebSocket is closed with code %d %s" % (code, reason))
        self.code = code
        self.reason = reason


class WebSocket:
    """For one function; `async for message in socket` ends when the client closes."""

    def __init__(self, wire: Wire, *, max_message: int, protocol: str | None = None) -> None:
        self.protocol = protocol
        """The subprotocol that was agreed on."""
        self.close_code: int | None = None
        """With which code it was closed; 1006 if the connection broke; None while it is open."""
        self.close_reason = ""
        self._wire = wire
        self._parser = frames.FrameParser(max_message=max_message)
        self._messages: deque[str | bytes] = deque()
        self._waiting = 0
        self._arrival: asyncio.Future[None] | None = None
        self._asked = False
        self._close_sent = False
        self._over = asyncio.Event()

    def __aiter__(self) -> WebSocket:
        return self

    async def __anext__(self) -> str | bytes:
        try:
            return await self.receive()
        except WebSocketClosed:
            raise StopAsyncIteration from None

    async def receive(self) -> str | bytes:
        """
        The next message: text as `str`, binary as `bytes`. For one reader at a time.

        Raises:
            WebSocketClosed: there will be none.
        """
        while not self._messages:
            if self.close_code is not None:
                raise self._closed()
            if self._arrival is not None:
                raise RuntimeError("another part of the function is waiting for messages of this WebSocket")
            self._arrival = asyncio.get_running_loop().create_future()
            try:
                await self._arrival
            finally:
                self._arrival = None
        message = self._messages.popleft()
        self._waiting -= len(message) + _MESSAGE_COST
        if self._waiting < _MAX_WAITING and self.close_code is None:
            self._wire.transport.resume_reading()
        return message

    async def send(self, message: str | bytes) -> None:
        """
        Send a message, `str` as text and `bytes` as binary; waits while the client is slow.

        Raises:
            WebSocketClosed: it cannot be sent any more.
        """
        if isinstance(message, str):
            data = frames.frame(frames.TEXT, message.encode("utf-8", "replace"))
        else:
            data = frames.frame(frames.BINARY, bytes(message))
        if self.close_code is not None or self._close_sent:
            raise self._closed()
        self._wire.transport.write(data)
        await self._wire.wait_writable()

    async def close(self, code: int = frames.NORMAL, reason: str = "") -> None:
        """End it; waits a moment for the client to agree. Without effect on one that has ended."""
        self._send_close(code, reason)
        self._wire.transport.resume_reading()
        with contextlib.suppress(asyncio.TimeoutError):  # another class than the built-in one before Python 3.11
            await asyncio.wait_for(self._over.wait(), _CLOSE_WITHIN)
        self._end(code, reason)
        self._wire.transport.close()

    # The connection calls these

    def feed(self, data: bytes) -> None:
        """Bytes from the client."""
        self._asked = False
        self._parser.feed(data)
        try:
            while self.close_code is None:
                message = self._parser.next_message()
                if message is None:
                    break
                self._take(message)
        except frames.BadFrame as error:
            self._send_close(error.code, error.reason)
            self._end(error.code, error.reason)
            self._wire.transport.close()
        if self._waiting >= _MAX_WAITING and self.close_code is None:
            self._wire.transport.pause_reading()

    def lost(self) -> None:
        """The connection is gone."""
        self._end(1006, "the connection broke")

    def go_away(self) -> None:
        """The server is about to end: the client had better connect again."""
        self._send_close(frames.GOING_AWAY, "the server is stopping")

    def check_quiet(self, seconds: float) -> None:
        """How long nothing came: ask a client that is quiet, give up one that does not answer."""
        if self._waiting >= _MAX_WAITING:
            return  # it is us who do not read
        if seconds > 2 * QUIET:
            self._wire.transport.abort()
        elif seconds > QUIET and not self._asked:
            self._asked = True
            self._wire.transport.write(frames.frame(frames.PING, b""))

    # Its own work

    def _take(self, message: frames.Message) -> None:
        if message.opcode == frames.PING:
            if not self._close_sent:
                self._wire.transport.write(frames.frame(frames.PONG, message.payload))
        elif message.opcode == frames.CLOSE:
            code, reason = frames.read_close(message.payload)
            self._send_close(code, reason)
            self._end(code, reason)
            self._wire.transport.close()
        elif message.opcode != frames.PONG and not self._close_sent:
            is_text = message.opcode == frames.TEXT
            self._messages.append(frames.read_text(message.payload) if is_text else message.payload)
            self._waiting += len(message.payload) + _MESSAGE_COST
            self._wake()

    def _send_close(self, code: int, reason: str) -> None:
        if not self._close_sent and self.close_code is None:
            self._close_sent = True
            self._wire.transport.write(frames.close_frame(code, reason))

    def _end(self, code: int, reason: str) -> None:
        if self.close_code is None:
            self.close_code, self.close_reason = code, reason
            self._over.set()
            self._wake()

    def _wake(self) -> None:
        if self._arrival is not None and not self._arrival.done():
            self._arrival.set_result(None)

    def _closed(self) -> WebSocketClosed:
        return WebSocketClosed(frames.GOING_AWAY if self.close_code is None else self.close_code, self.close_reason)


def handshake(request: Request, protocols: Iterable[str]) -> tuple[bytes, str | None]:
    """
    The head that accepts, and the first of `protocols` that the client offers (RFC 6455, 4.2).

    Raises:
        NotAWebSocket: 426 for a request of another kind, 400 for one that is wrong.
    """
    get = request.get_header
    options = {option.strip() for option in (get("connection") or "").lower().split(",")}
    if (get("upgrade") or "").lower() != "websocket" or "upgrade" not in options:
        raise NotAWebSocket(426, "this function speaks WebSocket")
    if get("sec-websocket-version") != "13":
        raise NotAWebSocket(426, "the version of WebSocket is 13")
    key = (get("sec-websocket-key") or "").encode("ascii", "replace")
    if request.method != "GET" or request.version != "HTTP/1.1" or not _is_key(key):
        raise NotAWebSocket(400, "the request for a WebSocket is malformed")
    offered = {name.strip() for name in (get("sec-websocket-protocol") or "").split(",")}
    chosen = next((name for name in protocols if name in offered), None)
    accept = base64.b64encode(hashlib.sha1(key + _GUID).digest())  # noqa: S324  # the RFC's choice, not a secret
    head = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    head += b"Sec-WebSocket-Accept: " + accept + b"\r\n"
    if chosen is not None:
        head += b"Sec-WebSocket-Protocol: " + chosen.encode("ascii") + b"\r\n"
    return head + b"\r\n", chosen


def _is_key(key: bytes) -> bool:
    try:
        return len(base64.b64decode(key, validate=True)) == 16
    except (binascii.Error, ValueError):
        return False
