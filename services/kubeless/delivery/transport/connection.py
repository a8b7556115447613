"""
One connection to an endpoint: one exchange at a time, and idle in between.

A connection is used again only if the last exchange left it clean: the request was written completely, the response was
read completely, nothing came after it, and both sides want to go on. Everything else (a timeout, a cancelled caller,
bytes nobody asked for, the end of the stream while idle) closes it. There is no state from which a doubtful connection
returns to the pool.
"""

import asyncio
import select
from collections.abc import AsyncIterable
from typing import Protocol, cast

import structlog

from kubeless.delivery.transport.errors import ConnectionLost, InvalidRequest, ReadTimeout, TotalTimeout, TransportError
from kubeless.delivery.transport.limits import Limits
from kubeless.delivery.transport.parser import ResponseParser
from kubeless.delivery.transport.request import Request
from kubeless.delivery.transport.response import Response
from kubeless.delivery.transport.timeouts import Alarm, earliest

log = structlog.get_logger(__name__)

_MERGE_BYTES = 64 * 1024
"""Up to this size head and body go out in one write."""

_PROBE_AFTER = 0.005
"""Seconds of idleness after which the socket is asked whether it is still silent: the loop may not have looked yet."""


class Owner(Protocol):
    """The pool, as a connection sees it."""

    def released(self, connection: "Connection") -> None:
        """The exchange is over and the connection can serve the next one."""

    def closed(self, connection: "Connection") -> None:
        """The connection is of no use any more. Called exactly once for a connection that was made."""


class Connection(asyncio.Protocol):
    """See the module. `exchange` is for its user, everything else for the event loop, the response and the pool."""

    def __init__(self, owner: Owner, limits: Limits, tasks: asyncio.TaskGroup, peer: str) -> None:
        self._owner = owner
        self._limits = limits
        self._tasks = tasks
        self._peer = peer
        self._loop = asyncio.get_running_loop()
        self._parser = ResponseParser(limits)
        self._alarm = Alarm(self._loop, self._overdue)
        self._transport: asyncio.Transport | None = None
        self._response: Response | None = None
        self._upload: asyncio.Task[None] | None = None
        self._writable: asyncio.Future[None] | None = None
        self._write_paused = False
        self._sent = True
        self._starved = False
        self._read_paused = False
        self._alive_at = 0.0
        self._unwritten = 0
        self._read_timeout: float | None = None
        self._deadline: float | None = None
        self.exchanges = 0
        self.idle_since = 0.0

    def __repr__(self) -> str:
        state = "closed" if self._transport is None else "busy" if self._response is not None else "idle"
        return f"<Connection to {self._peer} {state}, {self.exchanges} exchanges>"

    # -- for the pool and its users

    async def exchange(self, request: Request, head: bytes, *, read: float | None, deadline: float | None) -> Response:
        """
        Send `request`, whose head is `head`, and return the response when its head is there.

        `read` is a timeout in seconds, `deadline` a loop time. Raises TransportError, or what the request's body
        raised. Whatever it raises, cancellation included, the connection is closed.
        """
        response = Response(self, self._limits.buffer_bytes)
        self._response = response
        self._parser.expect(response, without_body=request.method == "HEAD")
        self.exchanges += 1
        self._watch(read, deadline)
        try:
            self._send(request, head)
            await response.wait_head()
        except BaseException:
            # The response may be complete although its reader was cancelled: then the connection already serves someone
            # else.
            if self._response is response:
                self._fail(ConnectionLost("the exchange was given up"))
            raise
        return response

    @property
    def is_open(self) -> bool:
        """Whether neither side has closed it, as far as the event loop has seen."""
        return self._transport is not None and not self._transport.is_closing()

    def usable(self, now: float) -> bool:
        """Whether an idle connection can take an exchange: still open, and nothing came while nobody was asking."""
        transport = self._transport
        if transport is None or not self.is_open:
            return False
        return now - self.idle_since < _PROBE_AFTER or not _readable(transport)

    def abort(self) -> None:
        """Close at once; an exchange under way fails with ConnectionLost."""
        self._fail(ConnectionLost(f"the connection to {self._peer} was closed on our side"))

    # -- asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are Transports without deriving from the class.
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if self._response is None:
            self._close()
            return
        self._alive_at = self._loop.time()
        try:
            self._parser.feed(data)
        except TransportError as error:
            self._fail(error)
            return
        if self._parser.done:
            self._finish()

    def eof_received(self) -> bool:
        self._ended()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended(exc)

    def pause_writing(self) -> None:
        self._write_paused = True

    def resume_writing(self) -> None:
        self._write_paused = False
        self._alive_at = self._loop.time()
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)

    # -- the response's Source

    def pause(self) -> None:
        self._read_paused = True
        if self._transport is not None:
            self._transport.pause_reading()

    def resume(self) -> None:
        self._read_paused = False
        self._alive_at = self._loop.time()
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def abandon(self) -> None:
        self._response = None
        self._close()

    # -- sending

    def _send(self, request: Request, head: bytes) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            raise ConnectionLost(f"{self._peer} closed the connection", stale=True, unsent=True)
        body = request.body
        if not isinstance(body, bytes):
            self._sent = False
            self._upload = self._tasks.create_task(self._send_stream(transport, head, body, request.content_length))
        elif len(body) <= _MERGE_BYTES:
            transport.write(head + body)
        else:
            transport.write(head)
            transport.write(body)

    async def _send_stream(
        self, transport: asyncio.Transport, head: bytes, body: AsyncIterable[bytes], length: int | None
    ) -> None:
        """Runs beside the response: an endpoint may answer before it has the whole body."""
        try:
            transport.write(head)
            if length is None:
                await self._send_chunks(transport, body)
            else:
                await self._send_exactly(transport, body, length)
            self._uploaded()
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            # It surfaces where somebody waits: in `exchange`, or in the reader of the response.
            self._upload = None
            self._fail(error)
            if not isinstance(error, Exception):
                raise
        finally:
            await _close_stream(body)

    async def _send_chunks(self, transport: asyncio.Transport, body: AsyncIterable[bytes]) -> None:
        self._starved = True
        async for piece in body:
            if piece:  # an empty chunk would end the body
                await self._write(transport, b"%x\r\n%b\r\n" % (len(piece), piece))
        self._starved = False
        transport.write(b"0\r\n\r\n")

    async def _send_exactly(self, transport: asyncio.Transport, body: AsyncIterable[bytes], length: int) -> None:
        left = length
        self._starved = True
        async for piece in body:
            left -= len(piece)
            if left < 0:
                raise InvalidRequest(f"the body has more than the {length} bytes announced")
            await self._write(transport, piece)
        self._starved = False
        if left:
            raise InvalidRequest(f"the body has {left} bytes less than the {length} announced")

    async def _write(self, transport: asyncio.Transport, data: bytes) -> None:
        self._starved = False
        self._alive_at = self._loop.time()
        transport.write(data)
        while self._write_paused:
            self._writable = self._loop.create_future()
            try:
                await self._writable
            finally:
                self._writable = None
        self._alive_at = self._loop.time()
        self._starved = True

    def _uploaded(self) -> None:
        self._upload = None
        self._sent = True
        self._alive_at = self._loop.time()

    # -- the end of an exchange

    def _finish(self) -> None:
        """The response is complete. Go back to the pool, or close if there is any doubt."""
        self._response = None
        transport = self._transport
        if (
            transport is None
            or not (self._sent and self._parser.reusable and self._parser.clean)
            or transport.is_closing()
            or transport.get_write_buffer_size()
        ):
            self._close()
            return
        if self._read_paused:
            self.resume()
        self._owner.released(self)

    def _ended(self, exc: Exception | None = None) -> None:
        response, self._response = self._response, None
        if response is not None and not (exc is None and self._parser.end()):
            seen = self._parser.seen
            when = "before its response was complete" if seen else "without a response"
            error = ConnectionLost(f"{self._peer} closed the connection {when}", stale=self.exchanges > 1 and not seen)
            error.__cause__ = exc
            response.failed(error)
        self._close()

    def _fail(self, error: BaseException) -> None:
        response, self._response = self._response, None
        if response is not None:
            response.failed(error)
        self._close()

    def _close(self) -> None:
        transport, self._transport = self._transport, None
        if transport is None:
            return
        transport.abort()
        self._alarm.cancel()
        if self._upload is not None:
            self._upload.cancel()
            self._upload = None
        self._owner.closed(self)

    # -- timeouts

    def _watch(self, read: float | None, deadline: float | None) -> None:
        self._alive_at = now = self._loop.time()
        self._read_timeout = read
        self._deadline = deadline
        at = earliest(deadline, None if read is None else now + read)
        if at is not None:
            self._alarm.set(at)

    def _overdue(self, now: float) -> float | None:
        """End an exchange that is late; otherwise say when it could be."""
        if self._response is None:
            return None
        if self._deadline is not None and now >= self._deadline:
            self._fail(TotalTimeout(f"{self._peer} did not complete its response within the total timeout"))
            return None
        if self._read_timeout is None:
            return self._deadline
        if self._read_paused or (self._starved and self._upload is not None) or self._is_taking():
            self._alive_at = now
        if now >= self._alive_at + self._read_timeout:
            self._fail(ReadTimeout(f"{self._peer} was silent for {self._read_timeout:g} s"))
            return None
        return earliest(self._deadline, self._alive_at + self._read_timeout)

    def _is_taking(self) -> bool:
        """
        Whether the endpoint has taken bytes of ours since we last asked: a large body may take longer than a read.
        """
        before, self._unwritten = self._unwritten, self._transport.get_write_buffer_size() if self._transport else 0
        return self._unwritten != before


def _readable(transport: asyncio.Transport) -> bool:
    """Whether bytes or the end of the stream wait in the socket. Either way an idle connection is finished."""
    sock = transport.get_extra_info("socket")
    if sock is None or sock.fileno() < 0:
        return True
    if not hasattr(select, "poll"):  # Windows
        return bool(select.select([sock.fileno()], [], [], 0)[0])
    poll = select.poll()
    poll.register(sock.fileno(), select.POLLIN)
    return bool(poll.poll(0))


async def _close_stream(body: AsyncIterable[bytes]) -> None:
    """A generator that was not run to its end holds what it has open until it is closed."""
    close = getattr(body, "aclose", None)
    if close is None:
        return
    try:
        await close()
    except Exception as error:  # the caller's clean-up may fail in any way, and the exchange is over
        log.warning("could not close a request body", error=repr(error))
