"""
One client's connection: requests in, answers out, in order.

Requests that a client sends ahead (pipelining) wait until the answer before theirs is on its way. A connection holds no
more than one request and `_MAX_AHEAD` bytes: beyond that, and while an answer is not taken, it does not read on.
"""

from __future__ import annotations

import asyncio

from .answer import Answer, plain
from .http_parser import BadRequest, RequestParser
from .http_writer import CONTINUE, LAST_CHUNK, chunk, render, render_stream
from .request import Request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .http_parser import Head
    from .service import Service
    from .websocket import WebSocket

_MAX_AHEAD = 256 * 1024
KEEP_ALIVE = 120.0
"""Seconds an idle connection stays open: longer than proxies keep theirs (60 to 90), so that they close first."""
STALLED = 30.0
"""Seconds a client may take for a request's head, for the next part of a body, or to take an answer."""
_LINGER = 1.0


class Connection(asyncio.Protocol):
    """The protocol object of one accepted connection."""

    def __init__(self, service: Service, peer: str) -> None:
        self._service = service
        self._loop = service.loop
        self._parser = RequestParser(max_body=service.settings.max_body)
        self._peer = peer
        self._head: Head | None = None
        self._progress = 0.0
        self._request_began = 0.0
        self._write_paused = False
        self._last = False
        self._discarding = False
        self._ended = False
        self._stream: Head | None = None
        """The request whose answer is being streamed."""
        self._keep_alive = False
        self._socket: WebSocket | None = None
        self._writable: asyncio.Future[None] | None = None
        self.on_lost: Callable[[], object] | None = None
        """Called when the client of a stream or WebSocket has left."""

    # asyncio calls these

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  # for the type checker: it is a stream
        self.transport = transport
        self._progress = self._loop.time()
        self._service.connections[self] = None

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # part of the protocol
        self._discarding = True
        self._wake_writer()
        if self._socket is not None:
            self._socket.lost()
        if self.on_lost is not None:
            self.on_lost()
        self._service.forget(self)

    def data_received(self, data: bytes) -> None:
        if self._discarding:
            return
        self._progress = self._loop.time()
        if self._socket is not None:
            self._socket.feed(data)
            return
        if not self._parser.buffered and self._parser.awaits_head:
            self._request_began = self._progress
        self._parser.feed(data)
        if self._head is None:
            self._advance()
        elif self._parser.buffered > _MAX_AHEAD:
            self.transport.pause_reading()

    def eof_received(self) -> bool:
        """A client may close its side and still wait for the answer."""
        self._ended = True
        return self._head is not None and self._socket is None

    def pause_writing(self) -> None:
        self._write_paused = True
        self._progress = self._loop.time()

    def resume_writing(self) -> None:
        self._write_paused = False
        self._wake_writer()
        self._advance()

    # The service calls these

    def respond(self, answer: Answer) -> None:
        """Send the answer to the request in progress and go on with the next one."""
        head, self._head = self._head, None
        if head is None or self.transport.is_closing():
            return
        self._send(answer, head)
        self.transport.resume_reading()
        self._advance()

    def start_stream(self, answer: Answer) -> bool:
        """Send the head of an answer that comes in parts. False: the client wants no body."""
        head = self._head
        assert head is not None  # noqa: S101  # for the type checker: a call is in progress
        self._keep_alive = bool(self._stays(head) and head.minor)
        self._stream = head
        self.transport.write(render_stream(answer, minor=head.minor, keep_alive=self._keep_alive))
        return head.method != "HEAD"

    async def send_part(self, part: bytes) -> None:
        """Send a part; waits while the client is slow."""
        if part and self._stream is not None:
            self.transport.write(chunk(part) if self._stream.minor else part)
            await self.wait_writable()

    def end_stream(self) -> None:
        """The answer is complete: go on with the next request."""
        head, self._stream, self._head = self._stream, None, None
        if head is None or self.transport.is_closing():
            return
        self._progress = self._loop.time()
        if head.minor and head.method != "HEAD":
            self.transport.write(LAST_CHUNK)
        if self._keep_alive and not self._last:
            self.transport.resume_reading()
            self._advance()
        else:
            self._close_politely()

    def break_off(self) -> None:
        """The rest of the answer will not come, and the client must see that."""
        if self._stream is not None and self._stream.minor:
            self.transport.close()  # without the last chunk
        else:
            self.transport.abort()

    def upgrade(self, head: bytes, socket: WebSocket) -> None:
        """Accept a WebSocket: from here on the connection is its own."""
        self.transport.write(head)
        self._socket = socket
        rest = self._parser.take_rest()
        self.transport.resume_reading()
        if rest:
            socket.feed(rest)

    async def wait_writable(self) -> None:
        """While the client is slow. Returns as well when it has left."""
        while self._write_paused and not self.transport.is_closing():
            if self._writable is None or self._writable.done():
                self._writable = self._loop.create_future()
            await asyncio.shield(self._writable)

    @property
    def busy(self) -> bool:
        """Whether a request waits for its answer."""
        return self._head is not None

    def finish_soon(self) -> None:
        """The next answer is the last one here."""
        self._last = True
        if self._socket is not None:
            self._socket.go_away()

    def close_if_idle(self) -> None:
        if self._head is None and not self._discarding:
            self.transport.close()

    def check_progress(self, now: float) -> None:
        """End the connection of a client that has left, or that takes for ever."""
        if self._socket is not None or self._stream is not None or self._head is None:
            self._check_progress(now)

    # Its own work

    def _check_progress(self, now: float) -> None:
        quiet = now - self._progress
        if self._write_paused:
            if quiet > STALLED:
                self.transport.abort()
        elif self._socket is not None:
            self._socket.check_quiet(quiet)
        elif self._stream is not None:
            pass  # its time is the function's
        elif self._parser.awaits_head and not self._parser.buffered:
            if quiet > KEEP_ALIVE:
                self.transport.close()
        elif now - (self._request_began if self._parser.awaits_head else self._progress) > STALLED:
            self._refuse(BadRequest(408, "the request did not arrive in time"))

    def _wake_writer(self) -> None:
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)

    def _advance(self) -> None:
        while self._head is None and not (self._write_paused or self._discarding or self.transport.is_closing()):
            try:
                request = self._parser.next_request()
            except BadRequest as error:
                self._refuse(error)
                return
            if request is None:
                if self._parser.take_continue():
                    self.transport.write(CONTINUE)
                elif self._ended:
                    self.transport.close()
                return
            self._handle(*request)

    def _handle(self, head: Head, body: bytes) -> None:
        request = Request(head, body, self._peer)
        self._request_began = self._progress
        own = self._service.own_page(request)
        if own is not None:
            self._send(own, head)
        else:
            self._head = head
            self._service.begin(self, request)

    def _send(self, answer: Answer, head: Head) -> None:
        keep_alive = self._stays(head)
        self._progress = self._loop.time()
        self.transport.write(render(answer, method=head.method, minor=head.minor, keep_alive=keep_alive))
        if not keep_alive:
            self._close_politely()

    def _stays(self, head: Head) -> bool:
        return head.keep_alive and not self._last and not (self._ended and not self._parser.buffered)

    def _refuse(self, error: BadRequest) -> None:
        self.transport.write(render(plain(error.status, error.reason), keep_alive=False))
        self._close_politely()

    def _close_politely(self) -> None:
        """
        Close our side, then drop what still comes for a moment.

        Closing at once while the client is sending would reset the connection, and the client might never see the
        answer (RFC 9112, 9.6).
        """
        self._discarding = True
        self.transport.resume_reading()
        try:
            self.transport.write_eof()
        except OSError:  # the client was quicker and has reset the connection
            self.transport.abort()
        else:
            self._loop.call_later(_LINGER, self.transport.close)
