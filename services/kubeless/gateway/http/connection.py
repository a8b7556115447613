"""
One client connection: requests in, answers out, strictly in turn.

A request is parsed only when the one before it is answered; what a client pipelines meanwhile waits, up to a bound, and
then in the client's own socket. Whatever is not one unambiguous request is refused and ends the connection. The
connection ends as well when the client ends its side, as nginx and Go see it: nobody waits for the answer any more.
"""

import asyncio
from collections.abc import Coroutine
from enum import Enum, auto
from math import inf
from typing import Any, Protocol, cast

from kubeless.gateway.http.body import Body
from kubeless.gateway.http.chunks import ChunkedDecoder
from kubeless.gateway.http.encode import encode_head
from kubeless.gateway.http.head import Head, check_partial
from kubeless.gateway.http.heads import Heads
from kubeless.gateway.http.limits import Limits
from kubeless.gateway.http.problem import BadRequest
from kubeless.gateway.http.reply import Reply
from kubeless.gateway.http.tunnel import ClientTunnel
from kubeless.gateway.incoming import BadBody, BodyTimeout, ClientGone, Handler, Incoming, Switched


class Owner(Protocol):
    """The server, as a connection sees it."""

    handler: Handler
    limits: Limits
    heads: Heads
    scheme: str
    draining: bool

    def opened(self, connection: "Connection") -> bool:
        """Whether there is room for it."""

    def closed(self, connection: "Connection") -> None:
        """It is gone."""

    def handle(self, incoming: Incoming, reply: Reply) -> Coroutine[Any, Any, None] | None:
        """Give a request to the handler; what is left to run, if anything."""

    def run(self, work: Coroutine[Any, Any, None], reply: Reply) -> "asyncio.Task[None]":
        """Run what is left of a handler."""

    def refused(self, error: BadRequest, peer: str) -> tuple[list[tuple[bytes, bytes]], bytes]:
        """Headers and body of the answer to what is no request."""


class _State(Enum):
    IDLE = auto()
    HEAD = auto()
    """Part of a head has come."""
    BUSY = auto()
    """A request is being answered."""
    LINGER = auto()
    """The last answer was sent; what still comes is dropped."""
    TUNNEL = auto()
    CLOSED = auto()


class Connection(asyncio.Protocol):
    """See the module. `sweep` and `drain` are the server's, the rest is for the loop, the reply and the body."""

    __slots__ = (
        "_body",
        "_decoder",
        "_left",
        "_limits",
        "_loop",
        "_owner",
        "_paused",
        "_pumping",
        "_read_paused",
        "_reply",
        "_rest",
        "_spoiled",
        "_state",
        "_task",
        "_transport",
        "_tunnel",
        "_waiter",
        "_wants_continue",
        "deadline",
        "peer",
    )

    def __init__(self, owner: Owner) -> None:
        self._owner = owner
        self._limits = owner.limits
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport
        self._state = _State.IDLE
        self._rest = bytearray()
        self._reply: Reply | None = None
        self._task: asyncio.Task[None] | None = None
        self._body: Body | None = None
        self._decoder: ChunkedDecoder | None = None
        self._left = 0
        self._tunnel: ClientTunnel | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._wants_continue = False
        self._paused = False
        self._read_paused = False
        self._pumping = False
        self._spoiled = False
        """Whether the framing of the request body broke: what still comes of it means nothing."""
        self.deadline = inf
        self.peer = "unknown"

    def __repr__(self) -> str:
        return f"<Connection from {self.peer} {self._state.name.lower()}>"

    # -- asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        name = transport.get_extra_info("peername")
        self.peer = str(name[0]) if name else "unknown"
        self.deadline = self._loop.time() + self._limits.idle_timeout
        if not self._owner.opened(self):
            self._refuse(BadRequest(503, "too many connections; try again later"))

    def data_received(self, data: bytes) -> None:
        if self._state is _State.IDLE:
            self._pump(data)
        elif self._state is _State.HEAD:
            self._take_partial(data)
        elif self._state is _State.TUNNEL and self._tunnel is not None:
            self._tunnel.arrived(data)
        elif self._state is _State.BUSY:
            if self._body is None:
                self._keep(data)
            elif not self._spoiled:
                self._take_body(self._body, data)

    def eof_received(self) -> bool:
        if self._state is _State.TUNNEL and self._tunnel is not None:
            self._tunnel.ended()
            return True
        self._hang_up()
        return False

    def connection_lost(self, _exc: Exception | None) -> None:
        self._hang_up()
        if self._tunnel is not None:
            self._tunnel.lost()
        self._owner.closed(self)

    def pause_writing(self) -> None:
        self._paused = True
        self.deadline = self._loop.time() + self._limits.write_timeout

    def resume_writing(self) -> None:
        self._paused = False
        self.deadline = inf
        self._wake()

    # -- the server's

    def sweep(self, now: float) -> None:
        """Called about once a second: end what is late."""
        if now < self.deadline:
            return
        self.deadline = inf
        if self._state is _State.HEAD:
            self._refuse(BadRequest(408, f"the head did not come within {self._limits.head_timeout:g} s"))
        elif self._state is _State.BUSY and self._body is not None and not self._paused:
            late = f"the rest of the request body did not come within {self._limits.body_timeout:g} s"
            self._spoil_body(BodyTimeout(late))
        elif self._state is _State.IDLE:
            self._close()
        else:
            self.cut_off()

    def drain(self) -> None:
        """Close if nothing is under way."""
        if self._state is _State.IDLE:
            self._close()

    # -- the reply's Client

    @property
    def gone(self) -> bool:
        return self._state is _State.CLOSED

    @property
    def must_close(self) -> bool:
        return self._owner.draining or self._body is not None

    def write(self, data: bytes) -> None:
        self._transport.write(data)

    async def writable(self) -> None:
        while self._paused:
            if self.gone:
                raise ClientGone
            self._waiter = self._loop.create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        if self.gone:
            raise ClientGone

    def answered(self, *, close: bool) -> None:
        self._reply = self._task = None
        if self._state is not _State.BUSY:
            return
        if close:
            self._end_gently()
            return
        self._state = _State.IDLE
        self.deadline = self._loop.time() + self._limits.idle_timeout
        if self._read_paused:
            self._read_paused = False
            self._transport.resume_reading()
        if self._rest and not self._pumping:
            rest, self._rest = bytes(self._rest), bytearray()
            self._pump(rest)

    def switched(self) -> Switched:
        self._state = _State.TUNNEL
        self.deadline = inf
        self._tunnel = ClientTunnel(self, self._transport, self._limits.buffer_bytes)
        if self._rest:
            rest, self._rest = bytes(self._rest), bytearray()
            self._tunnel.arrived(rest)
        return self._tunnel

    def run(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        reply = self._reply
        if reply is None:
            raise RuntimeError("there is no request under way")
        task = self._task = self._owner.run(work, reply)
        return task

    def abort(self) -> None:
        # Called by the handler among others, whose own task goes on to its end.
        self._task = None
        self._hang_up()
        self._transport.abort()

    def cut_off(self) -> None:
        """End the connection and cancel what runs for it."""
        self._hang_up()
        self._transport.abort()

    # -- the body's Source

    def wanted(self) -> None:
        if self._wants_continue and not self.gone:
            self._wants_continue = False
            if self._reply is not None and not self._reply.started:
                self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def pause_body(self) -> None:
        self._transport.pause_reading()
        self._read_paused = True
        self.deadline = inf

    def resume_body(self) -> None:
        if self._read_paused and not self.gone:
            self._read_paused = False
            self._transport.resume_reading()
            if self._body is not None:
                self.deadline = self._loop.time() + self._limits.body_timeout

    # -- heads

    def _pump(self, data: bytes) -> None:
        """Answer request after request; a loop, because a recursion could be made as deep as a client likes."""
        self._pumping = True
        try:
            while data and self._state is _State.IDLE:
                if data.startswith(b"\r\n"):  # RFC 9112 2.2: an empty line before a request is ignored
                    data = data[2:]
                end = data.find(b"\r\n\r\n")
                if end < 0:
                    self._begin_partial(data)
                    return
                data = self._request(data, end + 4)
            if data and self._state is _State.BUSY:
                self._keep(data)
        except BadRequest as error:
            self._refuse(error)
        finally:
            self._pumping = False

    def _begin_partial(self, data: bytes) -> None:
        if not data:
            return
        check_partial(data, 0, self._limits)
        self._state = _State.HEAD
        self.deadline = self._loop.time() + self._limits.head_timeout
        self._rest = bytearray(data)

    def _take_partial(self, data: bytes) -> None:
        rest = self._rest
        seen = max(0, len(rest) - 3)
        rest += data
        end = rest.find(b"\r\n\r\n", seen)
        if end < 0:
            try:
                check_partial(rest, max(0, seen + 2), self._limits)
            except BadRequest as error:
                self._refuse(error)
            return
        self._rest = bytearray()
        self._state = _State.IDLE
        self._pump(bytes(rest))

    def _request(self, data: bytes, end: int) -> bytes:
        """Give one request to the handler. What is left of `data` belongs to the next. Raises BadRequest."""
        whole = end == len(data)
        head = self._owner.heads.read(data if whole else data[:end])
        self._state = _State.BUSY
        self.deadline = inf
        body: bytes | Body = b""
        rest = b"" if whole else data[end:]
        if head.length or head.chunked:
            body, rest = self._frame_body(head, rest)
        incoming = Incoming(
            head.method,
            head.target,
            head.fields,
            body,
            head.length if head.length or b"content-length" in head.first else None,
            self.peer,
            self._owner.scheme,
            head.minor == 1,
            head.first,
            head.upgrade,
        )
        reply = self._reply = Reply(self, head)
        if head.upgrade and rest:
            self._keep(rest)
            rest = b""
        work = self._owner.handle(incoming, reply)
        if work is not None:
            self.run(work)
        return rest

    def _keep(self, data: bytes) -> None:
        """Bytes of later requests: they wait, and beyond the bound they wait at the client's."""
        self._rest += data
        if len(self._rest) > self._limits.buffer_bytes and not self._read_paused:
            self._read_paused = True
            self._transport.pause_reading()

    # -- bodies

    def _frame_body(self, head: Head, data: bytes) -> tuple[bytes | Body, bytes]:
        """The body, whole if it is here already, and what comes after it. Raises BadRequest."""
        if not head.chunked:
            if len(data) >= head.length:
                return data[: head.length], data[head.length :]
            pieces, used, self._left = [data] if data else [], len(data), head.length - len(data)
        else:
            decoder = ChunkedDecoder(self._limits)
            pieces, used = decoder.feed(data)
            if decoder.done:
                return b"".join(pieces), data[used:]
            self._decoder = decoder
        body = self._body = Body(self, self._limits.buffer_bytes)
        self._wants_continue = head.expects and not data
        self.deadline = self._loop.time() + self._limits.body_timeout
        for piece in pieces:
            body.arrived(piece)
        return body, data[used:]

    def _take_body(self, body: Body, data: bytes) -> None:
        self._wants_continue = False
        try:
            rest = self._decode(body, data)
        except BadRequest as error:
            self._spoil_body(BadBody(str(error)))
            return
        if self._body is None:
            self.deadline = inf
            body.finished()
        elif not self._read_paused:
            now = self._loop.time()
            earned = max(self.deadline, now) if self.deadline != inf else now + self._limits.body_timeout
            self.deadline = min(now + self._limits.body_timeout, earned + len(data) / self._limits.body_rate)
        if rest:
            self._keep(rest)

    def _decode(self, body: Body, data: bytes) -> bytes:
        """Hand the body its bytes; forget it when that was all."""
        decoder = self._decoder
        if decoder is not None:
            pieces, used = decoder.feed(data)
            for piece in pieces:
                body.arrived(piece)
            if decoder.done:
                self._body = self._decoder = None
            return data[used:]
        left = self._left
        if len(data) < left:
            self._left = left - len(data)
            body.arrived(data)
            return b""
        self._body = None
        body.arrived(data if len(data) == left else data[:left])
        return data[left:]

    def _spoil_body(self, error: Exception) -> None:
        """No end of this body can be found any more: the answer under way is the last one."""
        self._spoiled = True
        if self._body is not None:
            self._body.failed(error)

    # -- the end

    def _refuse(self, error: BadRequest) -> None:
        if self._state is _State.CLOSED:
            return
        headers, body = self._owner.refused(error, self.peer)
        framing = b"Content-Length: %d\r\nConnection: close\r\n" % len(body)
        self._transport.write(encode_head(error.status, headers, framing) + body)
        self._linger()

    def _end_gently(self) -> None:
        """Closing while the client sends would reset the connection, and take the answer from it."""
        if self._body is not None or self._rest or self._read_paused:
            self._linger()
        else:
            self._close()

    def _linger(self) -> None:
        self._give_up()
        self._state = _State.LINGER
        self._rest = bytearray()
        self.deadline = self._loop.time() + self._limits.linger
        if self._read_paused:
            self._read_paused = False
            self._transport.resume_reading()
        if self._transport.can_write_eof():
            self._transport.write_eof()

    def _close(self) -> None:
        self._hang_up()
        self._transport.close()

    def _hang_up(self) -> None:
        if self._state is not _State.CLOSED:
            self._state = _State.CLOSED
            self._give_up()
            self._wake()

    def _give_up(self) -> None:
        """Nobody waits for the request under way any more."""
        body, self._body = self._body, None
        if body is not None:
            body.failed(ClientGone())
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
        reply, self._reply = self._reply, None
        if reply is not None and reply.on_gone is not None:
            reply.on_gone()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
