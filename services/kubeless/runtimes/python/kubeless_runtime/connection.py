"""
One client's connection: requests in, answers out, in order.

Requests that a client sends ahead (pipelining) wait until the answer before theirs is on its way. A connection holds no
more than one request and `_MAX_AHEAD` bytes: beyond that, and while an answer is not taken, it does not read on.
"""

from __future__ import annotations

import asyncio

from .answer import Answer, plain
from .http_parser import BadRequest, RequestParser
from .http_writer import CONTINUE, render
from .request import Request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .http_parser import Head
    from .service import Service

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

    # asyncio calls these

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  # for the type checker: it is a stream
        self.transport = transport
        self._progress = self._loop.time()
        self._service.connections[self] = None

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # part of the protocol
        self._discarding = True
        self._service.forget(self)

    def data_received(self, data: bytes) -> None:
        if self._discarding:
            return
        self._progress = self._loop.time()
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
        return self._head is not None

    def pause_writing(self) -> None:
        self._write_paused = True
        self._progress = self._loop.time()

    def resume_writing(self) -> None:
        self._write_paused = False
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

    @property
    def busy(self) -> bool:
        """Whether a request waits for its answer."""
        return self._head is not None

    def finish_soon(self) -> None:
        """The next answer is the last one here."""
        self._last = True

    def close_if_idle(self) -> None:
        if self._head is None and not self._discarding:
            self.transport.close()

    def check_progress(self, now: float) -> None:
        """End the connection of a client that has left, or that takes for ever."""
        if self._head is not None:
            return
        if self._write_paused:
            if now - self._progress > STALLED:
                self.transport.abort()
        elif self._parser.awaits_head and not self._parser.buffered:
            if now - self._progress > KEEP_ALIVE:
                self.transport.close()
        elif now - (self._request_began if self._parser.awaits_head else self._progress) > STALLED:
            self._refuse(BadRequest(408, "the request did not arrive in time"))

    # Its own work

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
        keep_alive = head.keep_alive and not self._last and not (self._ended and not self._parser.buffered)
        self._progress = self._loop.time()
        self.transport.write(render(answer, method=head.method, minor=head.minor, keep_alive=keep_alive))
        if not keep_alive:
            self._close_politely()

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
