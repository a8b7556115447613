"""
One connection to an endpoint: one exchange at a time, and idle in between.

A connection is used again only if the last exchange left it clean: the request was written completely, the response was
read completely, nothing came after it, and both sides want to go on. Everything else (a timeout, a cancelled caller,
bytes nobody asked for, the end of the stream while idle) closes it. There is no state from which a doubtful connection
returns to the pool.
"""

import asyncio
from typing import Protocol, cast

from kubeless.delivery.transport.caller import Caller
from kubeless.delivery.transport.errors import ConnectionLost, TransportError
from kubeless.delivery.transport.heads import Heads
from kubeless.delivery.transport.limits import Limits
from kubeless.delivery.transport.outflow import Outflow
from kubeless.delivery.transport.parser import ResponseParser
from kubeless.delivery.transport.probe import readable
from kubeless.delivery.transport.request import Request
from kubeless.delivery.transport.response import Response
from kubeless.delivery.transport.timeouts import Timeouts
from kubeless.delivery.transport.tunnel import Tunnel
from kubeless.delivery.transport.upload import Upload
from kubeless.delivery.transport.watch import Watch
from kubeless.routing.endpoints import Endpoint

_MERGE_BYTES = 16 * 1024
"""Up to this size head and body are copied together, which costs less than a second buffer in the system call."""

_LINGER = 5.0
"""Seconds that the last bytes into a tunnel have to be taken."""


class Owner(Protocol):
    """The pool, as a connection sees it."""

    def released(self, connection: "Connection") -> None:
        """The exchange is over and the connection can serve the next one."""

    def closed(self, connection: "Connection") -> None:
        """The connection is of no use any more. Called exactly once for a connection that was made."""


class Connection(asyncio.Protocol):
    """See the module. The first part is for its user, the rest for the event loop, the response and the pool."""

    _outflow: Outflow

    def __init__(
        self, owner: Owner, limits: Limits, heads: Heads, tasks: asyncio.TaskGroup, endpoint: Endpoint, peer: str
    ) -> None:
        self._owner = owner
        self._limits = limits
        self._heads = heads
        self._endpoint = endpoint
        self._tasks = tasks
        self._peer = peer
        self._loop = asyncio.get_running_loop()
        self._parser = ResponseParser(limits, heads)
        self._watch = Watch(self, self._loop, peer)
        self._transport: asyncio.Transport | None = None
        self._response: Response | None = None
        self._caller: Caller | None = None
        """Who waits for an exchange that has no response yet, see `caller`."""
        self._upload: Upload | None = None
        self._tunnelled = False
        self._read_paused = False
        self._unwritten = 0
        self._fresh = False
        """Whether nothing of the response has come yet."""
        self._without_body = False
        self._upgrade: bytes | None = None
        self.exchanges = 0
        self.idle_since = 0.0

    def __repr__(self) -> str:
        busy = "tunnel" if self._tunnelled else "busy"
        state = "closed" if self._transport is None else busy if self.busy else "idle"
        return f"<Connection to {self._peer} {state}, {self.exchanges} exchanges>"

    # -- for the pool and its users

    def begin(
        self, request: Request, head: bytes, timeouts: Timeouts, *, now: float, deadline: float | None
    ) -> Response:
        """
        Send `request`, whose head is `head`, at loop time `now`; what comes back arrives in the response.

        Whoever stops waiting for the response must close it. Raises ConnectionLost if the connection has gone already.
        """
        transport = self._transport
        if transport is None or transport.is_closing():
            self._close()
            raise ConnectionLost(f"{self._peer} closed the connection", stale=True, unsent=True)
        response = self._response = Response(self, self._limits.buffer_bytes)
        response.endpoint = self._endpoint
        response.deadline = deadline
        self._without_body = request.method == "HEAD"
        self._upgrade = request.upgrade
        self._fresh = True
        self.exchanges += 1
        self._watch.begin(now, timeouts.read, deadline)
        body = request.body
        if not isinstance(body, bytes) or (request.expect_continue and body):
            transport.write(head)
            self._upload = Upload(request, self._outflow, timeouts.expect, tasks=self._tasks, on_end=self._upload_ended)
        elif len(body) <= _MERGE_BYTES:
            transport.write(head + body)
        else:
            transport.writelines((head, body))
        return response

    def ask(self, caller: Caller, message: bytes, *, now: float, read: float | None) -> bool:
        """
        Send `message`, one whole request that its maker vouches for (not HEAD, no upgrade). False, and closed, if the
        connection has gone already. Whoever stops waiting must `abandon`.
        """
        transport = self._transport
        if transport is None or transport.is_closing():
            self._close()
            return False
        self._caller = caller
        self._without_body = False
        self._upgrade = None
        self._fresh = True
        self.exchanges += 1
        self._watch.begin(now, read, None)
        transport.write(message)
        return True

    @property
    def busy(self) -> bool:
        """Whether an exchange is under way."""
        return self._response is not None or self._caller is not None

    @property
    def is_open(self) -> bool:
        """Whether neither side has closed it, as far as the event loop has seen."""
        return self._transport is not None and not self._transport.is_closing()

    @property
    def silent(self) -> bool:
        """Whether nothing came, not even the end, while nobody was asking."""
        return self._transport is not None and not readable(self._transport)

    def abort(self) -> None:
        """Close at once; an exchange under way fails with ConnectionLost."""
        self._fail(ConnectionLost(f"the connection to {self._peer} was closed on our side"))

    # -- asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are Transports without deriving from the class.
        self._transport = cast(asyncio.Transport, transport)
        self._outflow = Outflow(self._transport)

    def data_received(self, data: bytes) -> None:
        if self._fresh:
            if self._take_known(data):
                return
            self._read_closely()
        response = self._response
        if response is None:
            self._close()
        elif self._tunnelled:
            response.arrived(data)
        else:
            self._feed(response, data)

    def eof_received(self) -> bool:
        if self._tunnelled and self._response is not None:
            self._response.finished()
            return True  # the other direction may go on
        self._ended()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended(exc)

    def pause_writing(self) -> None:
        self._outflow.pause()

    def resume_writing(self) -> None:
        self._watch.alive()
        self._outflow.resume()

    # -- the watch's Watched

    def excused(self) -> bool:
        return self._read_paused or (self._upload is not None and self._upload.starved) or self._is_taking()

    def late(self, error: TransportError) -> None:
        self._fail(error)

    def _is_taking(self) -> bool:
        """Whether the endpoint took bytes of ours since the last call: a large body may take longer than a read."""
        before, self._unwritten = self._unwritten, self._outflow.waiting
        return self._unwritten != before

    # -- the response's Source

    def pause(self) -> None:
        self._read_paused = True
        if self._transport is not None:
            self._transport.pause_reading()

    def resume(self) -> None:
        self._read_paused = False
        self._watch.alive()
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def abandon(self) -> None:
        self._response = self._caller = None
        self._close()

    # -- the tunnel's Outgoing

    async def send(self, data: bytes) -> None:
        await self._outflow.send(data)

    def send_eof(self) -> None:
        if self.is_open and self._transport is not None:
            self._transport.write_eof()

    def hang_up(self) -> None:
        transport = self._transport
        if transport is None:
            return
        if transport.get_write_buffer_size():
            transport.close()
            self._loop.call_later(_LINGER, transport.abort)
        self.abort()

    def _become_tunnel(self, response: Response) -> None:
        self._tunnelled = True
        self._watch.stop()
        response.tunnel = Tunnel(response, self)

    # -- responses

    def _take_known(self, data: bytes) -> bool:
        """Whether `data` is a whole response with a head seen before, to a request that was sent: then it is over."""
        found = None if self._without_body else self._heads.find(data)
        transport = self._transport
        if found is None or self._upload is not None or transport is None or transport.get_write_buffer_size():
            return False
        self._fresh = False
        known, body = found
        caller, self._caller = self._caller, None
        response, self._response = self._response, None
        self._owner.released(self)
        if caller is not None:
            caller.came(known, body)
        elif response is not None:
            response.came_whole(known.status, known.headers, body)
        return True

    def _read_closely(self) -> None:
        """The response begins, and llhttp has to look at it."""
        self._fresh = False
        if self._caller is not None:
            self._turn(self._caller)
        if self._response is not None:
            self._parser.expect(self._response, without_body=self._without_body, upgrade=self._upgrade)

    def _turn(self, caller: Caller) -> None:
        """From now on the exchange is an ordinary one."""
        self._caller = None
        response = self._response = Response(self, self._limits.buffer_bytes)
        response.endpoint = self._endpoint
        caller.turned(response)

    def _feed(self, response: Response, data: bytes) -> None:
        parser = self._parser
        try:
            parser.feed(data)
        except TransportError as error:
            self._fail(error)
            return
        if parser.done:
            self._finish()
            return
        self._watch.alive()
        if parser.continued and self._upload is not None:
            self._upload.go_on()
        if response.status == 101:
            self._become_tunnel(response)

    def _take_response(self) -> Response | None:
        """Of the exchange that ends now, if there is one."""
        if self._caller is not None:
            self._turn(self._caller)
        response, self._response = self._response, None
        return response

    def _upload_ended(self, error: BaseException | None) -> None:
        self._upload = None
        if error is None:
            self._watch.alive()
        else:
            self._fail(error)

    # -- the end of an exchange

    def _finish(self) -> None:
        """The response is complete. Go back to the pool, or close if there is any doubt."""
        self._response = None
        transport, parser = self._transport, self._parser
        if (
            transport is None
            or not (parser.reusable and parser.clean)
            or self._upload is not None
            or transport.get_write_buffer_size()
        ):
            self._close()
            return
        if self._read_paused:
            self.resume()
        self._owner.released(self)

    def _ended(self, exc: Exception | None = None) -> None:
        response = self._take_response()
        complete = exc is None and not self._tunnelled and not self._fresh and self._parser.end()
        if response is not None and not complete:
            response.failed(self._loss(exc))
        self._close()

    def _loss(self, cause: Exception | None) -> ConnectionLost:
        seen = not self._fresh
        when = "before its response was complete" if seen else "without a response"
        stale = self.exchanges > 1 and not seen
        error = ConnectionLost(f"{self._peer} closed the connection {when}", stale=stale, unanswered=not seen)
        error.__cause__ = cause
        return error

    def _fail(self, error: BaseException) -> None:
        response = self._take_response()
        if response is not None:
            response.failed(error)
        self._close()

    def _close(self) -> None:
        transport, self._transport = self._transport, None
        if transport is None:
            return
        if not transport.is_closing():
            transport.abort()
        self._outflow.resume()
        self._watch.stop()
        if self._upload is not None:
            self._upload.cancel()
            self._upload = None
        self._owner.closed(self)
