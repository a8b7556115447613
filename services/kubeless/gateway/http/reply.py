"""
The answer to one request, as its handler writes it.

The server decides the framing: a length where it is known, chunks for HTTP/1.1, the end of the connection for HTTP/1.0.
An answer that ends before its announced length, or goes beyond it, ends the connection, so that the client sees that it
is incomplete.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from kubeless.gateway.http.encode import Headers, encode_head, may_have_body
from kubeless.gateway.http.head import Head
from kubeless.gateway.incoming import ClientGone, Switched

_CLOSE = b"Connection: close\r\n"
_KEEP_ALIVE = b"Connection: keep-alive\r\n"


class Client(Protocol):
    """The connection, as a reply sees it."""

    @property
    def gone(self) -> bool:
        """Whether writing is of no use any more."""

    @property
    def must_close(self) -> bool:
        """Whether this has to be the last answer."""

    def write(self, data: bytes) -> None:
        """Send bytes."""

    async def writable(self) -> None:
        """Wait while the client is slow. Raises ClientGone."""

    def answered(self, *, close: bool) -> None:
        """The answer is complete."""

    def switched(self) -> Switched:
        """The head of a 101 was sent: the connection is a tunnel from now on."""

    def run(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        """Run the rest of the handler; it is cancelled when the client goes away."""

    def abort(self) -> None:
        """Close at once."""


class Reply:
    """See `kubeless.gateway.incoming.Reply`."""

    __slots__ = ("_bodiless", "_chunked", "_client", "_close", "_head", "_left", "finished", "on_gone", "started")

    def __init__(self, client: Client, head: Head) -> None:
        self._client = client
        self._head = head
        self._chunked = self._bodiless = False
        self._left: int | None = None
        self._close = not head.keep_alive
        self.started = False
        self.finished = False
        self.on_gone: Callable[[], None] | None = None

    async def start(self, status: int, headers: Headers, *, length: int | None, close: bool = False) -> None:
        """Send the head."""
        self.begin(status, headers, length=length, close=close)

    async def write(self, data: bytes) -> None:
        """Send a piece of the body; waits while the client is slow."""
        self.push(data)
        await self._client.writable()

    def begin(
        self, status: int, headers: Headers, *, length: int | None, close: bool = False, first: bytes = b""
    ) -> None:
        """Send the head, and `first`, the beginning of the body, in one write."""
        if self._client.gone:
            raise ClientGone
        framing = self._frame(status, length, close=close)
        head = encode_head(status, headers, framing)
        self.started = True
        if first and not self._bodiless:
            self._client.write(head + self._piece(first))
        else:
            self._client.write(head)

    def push(self, data: bytes) -> None:
        """Send a piece of the body, however slow the client is."""
        if self._client.gone:
            raise ClientGone
        if data and not self._bodiless:
            self._client.write(self._piece(data))

    def send(self, status: int, headers: Headers, body: bytes, *, length: int | None, close: bool = False) -> None:
        """The whole answer at once."""
        self.begin(status, headers, length=length, close=close, first=body)
        self.finish()

    def finish(self) -> None:
        """The body is complete."""
        if self.finished:
            return
        self.finished = True
        if self._chunked and not self._client.gone:
            self._client.write(b"0\r\n\r\n")
        if self._left:
            self._client.abort()
        else:
            self._client.answered(close=self._close)

    def switch(self, headers: Headers) -> Switched:
        """Answer 101: what the client sends from now on, and what it is sent, is another protocol (RFC 9110 7.8)."""
        if self._client.gone:
            raise ClientGone
        framing = b"Connection: Upgrade\r\nUpgrade: %b\r\n" % self._head.upgrade
        self._client.write(encode_head(101, headers, framing))
        self.started = self.finished = True
        return self._client.switched()

    def go_on(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        """Leave the rest to a task."""
        return self._client.run(work)

    def abort(self) -> None:
        """End the connection so that the client sees that the answer is incomplete."""
        self.finished = True
        self._client.abort()

    def _frame(self, status: int, length: int | None, *, close: bool) -> bytes:
        self._close = close = self._close or close or self._client.must_close
        framing = b""
        self._bodiless = not may_have_body(self._head.method, status)
        if self._bodiless:
            if length is not None and status != 204:
                framing = b"Content-Length: %d\r\n" % length
        elif length is not None:
            self._left = length
            framing = b"Content-Length: %d\r\n" % length
        elif self._head.minor:
            self._chunked = True
            framing = b"Transfer-Encoding: chunked\r\n"
        else:
            self._close = close = True
        if close:
            return framing + _CLOSE
        return framing if self._head.minor else framing + _KEEP_ALIVE

    def _piece(self, data: bytes) -> bytes:
        if self._chunked:
            return b"%x\r\n%b\r\n" % (len(data), data)
        if self._left is not None:
            self._left -= len(data)
            if self._left < 0:
                self.abort()
                raise ClientGone("the answer is longer than announced")
        return data
