"""
One client connection: requests in, answers out, strictly in turn.

A request is parsed only when the one before it is answered; what a client pipelines meanwhile waits, up to a bound, and
then in the client's own socket. Whatever is not one unambiguous request is refused and ends the connection. The
connection ends as well when the client ends its side, as nginx and Go see it: nobody waits for the answer any more.
"""

import asyncio
from collections.abc import Coroutine
from math import inf
from typing import Any, cast

from kubeless.gateway.http.body import Body
from kubeless.gateway.http.encode import encode_head
from kubeless.gateway.http.inbox import Inbox
from kubeless.gateway.http.intake import Intake, read_body
from kubeless.gateway.http.owner import Owner
from kubeless.gateway.http.problem import BadRequest
from kubeless.gateway.http.reply import Reply
from kubeless.gateway.http.state import State
from kubeless.gateway.http.tunnel import ClientTunnel
from kubeless.gateway.http.wire import Wire
from kubeless.gateway.incoming import (
    BadBody,
    BodyTimeout,
    ClientGone,
    Express,
    Incoming,
    Switched,
)


class Connection(asyncio.Protocol):
    """See the module; section by section it is what loop, server, reply, express and body need it to be."""

    __slots__ = (
        "_express",
        "_inbox",
        "_intake",
        "_limits",
        "_loop",
        "_owner",
        "_pumping",
        "_reply",
        "_state",
        "_task",
        "_tunnel",
        "_wire",
        "deadline",
        "peer",
    )

    _wire: Wire

    def __init__(self, owner: Owner) -> None:
        self._owner = owner
        self._limits = owner.limits
        self._loop = asyncio.get_running_loop()
        self._state = State.IDLE
        self._inbox = Inbox(owner.limits)
        self._pumping = False
        self._express: Express | None = None
        self._reply: Reply | None = None
        self._task: asyncio.Task[None] | None = None
        self._intake: Intake | None = None
        self._tunnel: ClientTunnel | None = None
        self.deadline = inf
        self.peer = "unknown"

    def __repr__(self) -> str:
        return f"<Connection from {self.peer} {self._state.name.lower()}>"

    # -- asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        wire = self._wire = Wire(cast(asyncio.Transport, transport))
        name = transport.get_extra_info("peername")
        self.peer = str(name[0]) if name else "unknown"
        self._expect_within(self._limits.idle_timeout)
        if not self._owner.opened(self):
            self._refuse(BadRequest(503, "too many connections; try again later"))
        elif self._owner.expressway is not None:
            self._express = self._owner.expressway.express(self, wire.write, peer=self.peer, scheme=self._owner.scheme)

    def data_received(self, data: bytes) -> None:
        state = self._state
        if state is State.IDLE:
            if self._express is not None and self._express.take(data):
                self._state = State.BUSY
                self.deadline = inf
            else:
                self._pump(data)
        elif state is State.HEAD:
            self._take_partial(data)
        elif state is State.TUNNEL and self._tunnel is not None:
            self._tunnel.arrived(data)
        elif state is State.FULL or (state is State.BUSY and self._intake is None):
            self._keep(data)
        elif state is State.BUSY and self._intake is not None and not self._intake.spoiled:
            self._take_body(self._intake, data)

    def eof_received(self) -> bool:
        if self._state is State.TUNNEL and self._tunnel is not None:
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
        self._wire.fill()
        self._expect_within(self._limits.write_timeout)

    def resume_writing(self) -> None:
        self._wire.drain()
        if self._state is State.FULL:
            if self._owner.draining:
                self._end_gently()
            else:
                self._await_request()
        elif self._state is State.LINGER:
            self._expect_within(self._limits.linger)
        elif self._intake is not None and self._wire.reading:
            self._expect_within(self._limits.body_timeout)
        else:
            self.deadline = inf

    # -- the server's Guest

    def sweep(self, now: float) -> None:
        if now < self.deadline:
            return
        self.deadline = inf
        if self._state is State.HEAD:
            self._refuse(BadRequest(408, f"the head did not come within {self._limits.head_timeout:g} s"))
        elif self._state is State.BUSY and self._intake is not None and not self._wire.full:
            late = f"the rest of the request body did not come within {self._limits.body_timeout:g} s"
            self._intake.spoil(BodyTimeout(late))
        elif self._state is State.IDLE:
            self._close()
        else:
            self.cut_off()

    def drain(self) -> None:
        if self._state is State.IDLE:
            self._close()

    # -- the reply's Client, and an ExpressClient

    @property
    def gone(self) -> bool:
        return self._state is State.CLOSED

    @property
    def must_close(self) -> bool:
        return self._owner.draining or self._intake is not None

    def write(self, data: bytes) -> None:
        self._wire.write(data)

    async def writable(self) -> None:
        await self._wire.writable()

    def reply(self, head: bytes) -> Reply:
        reply = self._reply = Reply(self, self._owner.heads.read(head))
        return reply

    def answered(self, *, close: bool) -> None:
        self._reply = self._task = None
        if self._state is not State.BUSY:
            return
        if close:
            self._end_gently()
        elif self._wire.full:
            self._state = State.FULL
            self._wire.pause_reading()
            self._expect_within(self._limits.write_timeout)
        else:
            self._await_request()

    def switched(self) -> Switched:
        self._state = State.TUNNEL
        self.deadline = inf
        self._wire.resume_reading()
        self._tunnel = ClientTunnel(self._wire, self._limits.buffer_bytes)
        if self._inbox:
            self._tunnel.arrived(self._inbox.take())
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
        self.cut_off()

    def cut_off(self) -> None:
        self._hang_up()
        self._wire.abort()

    # -- the body's Source

    def wanted(self) -> None:
        if self._intake is not None and self._intake.wants_continue and not self.gone:
            self._intake.wants_continue = False
            if self._reply is not None and not self._reply.started:
                self._wire.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def pause_body(self) -> None:
        self._wire.pause_reading()
        self.deadline = inf

    def resume_body(self) -> None:
        if not (self.gone or self._wire.reading):
            self._wire.resume_reading()
            if self._intake is not None:
                self._expect_within(self._limits.body_timeout)

    # -- requests

    def _await_request(self) -> None:
        self._state = State.IDLE
        self._expect_within(self._limits.idle_timeout)
        self._wire.resume_reading()
        if self._inbox and not self._pumping:
            self._pump(self._inbox.take())

    def _pump(self, data: bytes) -> None:
        """Answer request after request; a loop, because a recursion could be made as deep as a client likes."""
        self._pumping = True
        try:
            while data and self._state is State.IDLE:
                if data.startswith(b"\r\n"):  # RFC 9112 2.2: an empty line before a request is ignored
                    data = data[2:]
                end = data.find(b"\r\n\r\n")
                if end < 0:
                    self._begin_partial(data)
                    return
                data = self._take_request(data, end + 4)
            if data and self._state in {State.BUSY, State.FULL}:
                self._keep(data)
        except BadRequest as error:
            self._refuse(error)
        finally:
            self._pumping = False

    def _begin_partial(self, data: bytes) -> None:
        if not data:
            return
        self._inbox.begin_head(data)
        self._state = State.HEAD
        self._expect_within(self._limits.head_timeout)

    def _take_partial(self, data: bytes) -> None:
        try:
            data = self._inbox.go_on(data)
        except BadRequest as error:
            self._refuse(error)
            return
        if data:
            self._state = State.IDLE
            self._pump(data)

    def _take_request(self, data: bytes, end: int) -> bytes:
        """Give one request to the handler. What is left of `data` belongs to the next. Raises BadRequest."""
        whole = end == len(data)
        raw = data if whole else data[:end]
        head = self._owner.heads.read(raw)
        self._state = State.BUSY
        self.deadline = inf
        body: bytes | Body = b""
        rest = b"" if whole else data[end:]
        if head.length or head.chunked:
            body, rest = self._begin_body(*read_body(head, rest, self, self._limits))
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
        if head.again and head.ordinary and self._express is not None and type(body) is bytes:
            self._express.offer(raw, incoming)
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
        if self._inbox.keep(data):
            self._wire.pause_reading()

    # -- bodies

    def _begin_body(self, body: bytes | Intake, rest: bytes) -> tuple[bytes | Body, bytes]:
        if isinstance(body, bytes):
            return body, rest
        self._intake = body
        if self._wire.reading:
            self._expect_within(self._limits.body_timeout)
        return body.body, rest

    def _take_body(self, intake: Intake, data: bytes) -> None:
        try:
            complete, rest = intake.feed(data)
        except BadRequest as error:
            # No end of this body can be found any more: the answer under way is the last one.
            intake.spoil(BadBody(str(error)))
            return
        if complete:
            self._intake = None
            self.deadline = inf
            intake.body.finished()
        elif self._wire.reading:
            self.deadline = intake.grace(self._loop.time(), self.deadline, len(data))
        if rest:
            self._keep(rest)

    # -- the end

    def _refuse(self, error: BadRequest) -> None:
        if self._state is State.CLOSED:
            return
        headers, body = self._owner.refused(error, self.peer)
        framing = b"Content-Length: %d\r\nConnection: close\r\n" % len(body)
        self._wire.write(encode_head(error.status, headers, framing) + body)
        self._linger()

    def _end_gently(self) -> None:
        """Closing while the client sends would reset the connection, and take the answer from it."""
        if self._intake is not None or self._inbox or not self._wire.reading:
            self._linger()
        else:
            self._close()

    def _linger(self) -> None:
        self._give_up()
        self._state = State.LINGER
        self._inbox.take()
        self._expect_within(self._limits.linger)
        self._wire.resume_reading()
        self._wire.finish()

    def _close(self) -> None:
        self._hang_up()
        self._wire.close()

    def _hang_up(self) -> None:
        if self._state is not State.CLOSED:
            self._state = State.CLOSED
            self._give_up()
            self._wire.end()

    def _give_up(self) -> None:
        """Nobody waits for the request under way any more."""
        intake, self._intake = self._intake, None
        if intake is not None:
            intake.body.failed(ClientGone())
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
        reply, self._reply = self._reply, None
        if reply is not None and reply.on_gone is not None:
            reply.on_gone()
        if self._express is not None:
            self._express.gone()

    def _expect_within(self, seconds: float) -> None:
        self.deadline = self._loop.time() + seconds
