"""
From request to answer: run the function, keep its deadline, count and log the call.

A call ends once: with what the function made of it, or with 408 when that takes too long. Whatever comes from the
function after its 408 is dropped. A thread cannot be ended from outside, so a function stuck in one makes the whole
worker retire: see `on_stuck`.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os

from . import console, frames, metrics, tracebacks
from .access_log import AccessLog
from .answer import Answer, Stream, plain
from .calls import Call, Calls
from .http_writer import render
from .invoke import SWITCHED, Invoker, Outcome, outcome_of
from .streams import open_parts
from .threads import ThreadPool
from .websocket import WebSocket, WebSocketClosed, handshake

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable
    from concurrent.futures import Executor

    from .connection import Connection
    from .loader import Function
    from .request import Request
    from .scoreboard import Scoreboard, Slot
    from .settings import Settings
    from .streams import Parts

TIMED_OUT = "Timeout while processing the function"
ENDED = "The process that ran the function was ended"
_CANCEL_GRACE = 1.0
"""Seconds an `async` function has to end after it was cancelled."""


class Service:
    """One worker's view of the function. `on_stuck` is called, once per call, when one cannot be ended."""

    def __init__(
        self,
        settings: Settings,
        function: Function,
        loop: asyncio.AbstractEventLoop,
        *,
        scoreboard: Scoreboard,
        slot: Slot,
        on_stuck: Callable[[], None],
    ) -> None:
        self.settings = settings
        self.loop = loop
        self.connections: dict[Connection, None] = {}
        """The open connections, oldest first."""
        self.on_no_connections: Callable[[], None] | None = None
        self._is_async = function.is_async
        self._invoker = Invoker(
            function,
            timeout=settings.timeout,
            runtime=settings.runtime,
            memory_limit=settings.memory_limit,
            text_data=settings.text_data,
        )
        self._scoreboard = scoreboard
        self._slot = slot
        self._on_stuck = on_stuck
        self._log = AccessLog()
        self.calls = Calls(loop, slot, timeout=settings.timeout, on_expired=self._expire)
        self._threads = ThreadPool(loop, limit=settings.threads, on_done=self._returned)
        self._stream_threads: Executor | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        """Of streams and closing WebSockets: the loop itself keeps no hold of tasks."""

    def forget(self, connection: Connection) -> None:
        """The connection has been closed."""
        self.connections.pop(connection, None)
        if not self.connections and self.on_no_connections:
            self.on_no_connections()

    def own_page(self, request: Request) -> Answer | None:
        """The answer of the server itself, for the two paths that do not call the function."""
        if request.method not in ("GET", "HEAD"):
            return None
        if request.raw_path == "/healthz":
            return Answer(200, b"OK", content_type="text/plain; charset=utf-8")
        if request.raw_path == "/metrics":
            page = metrics.render(self._scoreboard.totals(), replacements=self._scoreboard.replacements)
            return Answer(200, page.encode(), content_type=metrics.CONTENT_TYPE)
        return None

    def begin(self, connection: Connection, request: Request) -> None:
        """Call the function; the connection gets its answer later."""
        call = Call(connection, request, self._invoker, started=self.loop.time())
        self.calls.add(call)
        if request.get_header("upgrade") is not None:
            request.open_websocket = functools.partial(self._open_websocket, call)
        if self._is_async:
            call.task = self.loop.create_task(self._run(call, self._invoker.run_async(request)))
        else:
            self._threads.submit(call)

    def give_up(self) -> None:
        """Answer the calls that have not finished; the process is about to end."""
        for call in self.calls:
            if call.streaming:
                call.connection.break_off()
                continue
            self._finish(call, Outcome(plain(503, ENDED), failed=False, seconds=self.loop.time() - call.started))

    def answer_raw(self, call: Call, answer: Answer) -> None:
        """
        Answer past the event loop, which is stuck, from another thread. The process must end afterwards.

        Without effect if the connection still has an earlier answer to send.
        """
        self.calls.remove(call)
        transport = call.connection.transport
        if not call.streaming and not transport.get_write_buffer_size():
            data = render(answer, method=call.request.method, keep_alive=False)
            with contextlib.suppress(OSError):  # the client has left, or takes nothing
                os.write(transport.get_extra_info("socket").fileno(), data)
        self._record(call, Outcome(answer, failed=False, seconds=self.loop.time() - call.started))

    async def _run(self, call: Call, outcome: Awaitable[Outcome]) -> None:
        self._finish(call, await outcome)

    def _returned(self, call: Call) -> None:
        """A thread has finished its call."""
        outcome = call.outcome
        if isinstance(outcome, Outcome):
            self._finish(call, outcome)
        elif not call.abandoned and outcome is not None:  # the function, though not `async`, returned an awaitable
            call.task = self.loop.create_task(self._run(call, outcome))  # type: ignore[arg-type]  # see Invoker.run

    def _finish(self, call: Call, outcome: Outcome) -> None:
        if call.socket is not None:
            self._record(call, outcome._replace(answer=SWITCHED, seconds=self.loop.time() - call.started))
            self._keep(self.loop.create_task(call.socket.close(frames.FAILED if outcome.failed else frames.NORMAL)))
        elif self.calls.remove(call):
            if isinstance(outcome.answer, Stream):
                call.task = self._keep(self.loop.create_task(self._stream(call, outcome.answer)))
                call.connection.on_lost = call.task.cancel
                return
            self._record(call, outcome)
            call.connection.respond(outcome.answer)

    def _keep(self, task: asyncio.Task[None]) -> asyncio.Task[None]:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _stream(self, call: Call, stream: Stream) -> None:
        """Send the parts of an answer. Each has the function's timeout to come, the first one too."""
        parts = open_parts(stream.parts, self.loop, self._stream_executor)
        size, failed = 0, False
        try:
            while True:
                self.calls.renew(call)
                part = await parts.next_part()
                if not self.calls.remove(call):
                    return  # it has expired in this very moment
                if not call.streaming:
                    call.streaming = True
                    if not call.connection.start_stream(stream):
                        part = None
                if part is None:
                    break
                await call.connection.send_part(part)
                size += len(part)
            call.connection.end_stream()
        except asyncio.CancelledError:
            self._check_pulling(parts)  # the client has left, or waited for too long
        except BaseException as error:  # the function's, as in Invoker
            failed = self._end_failed_stream(call, error)
        finally:
            call.connection.on_lost = None
            self.calls.remove(call)
            if call.streaming:
                seconds = self.loop.time() - call.started
                self._record(call, Outcome(stream, failed=failed, seconds=seconds), size=size)
            console.flush()
            await self._close_parts(parts)

    def _end_failed_stream(self, call: Call, error: BaseException) -> bool:
        outcome = outcome_of(error, self.loop.time() - call.started)
        if call.streaming:
            call.connection.break_off()
        elif self.calls.remove(call):
            self._record(call, outcome)
            call.connection.respond(outcome.answer)
        return outcome.failed

    async def _close_parts(self, parts: Parts) -> None:
        try:
            await parts.close()
        except BaseException as error:  # the function's, as in Invoker
            outcome_of(error, 0.0)

    def _check_pulling(self, parts: Parts) -> None:
        """A thread that makes a part nobody wants any more has the function's timeout to come back."""
        pulling = parts.pulling
        if pulling is not None:
            self.loop.call_later(self.settings.timeout, self._check_pulled, pulling)

    def _check_pulled(self, running: Callable[[], bool]) -> None:
        if running():
            console.report("%s: a part of its stream is still being made" % TIMED_OUT)
            self._on_stuck()

    def _stream_executor(self) -> Executor:
        if self._stream_threads is None:
            from concurrent.futures import ThreadPoolExecutor

            self._stream_threads = ThreadPoolExecutor(self.settings.threads, thread_name_prefix="stream")
        return self._stream_threads

    def _open_websocket(self, call: Call, protocols: Iterable[str]) -> WebSocket:
        head, protocol = handshake(call.request, protocols)
        if not self.calls.remove(call) or call.connection.transport.is_closing():
            raise WebSocketClosed(frames.GOING_AWAY, "the call's time is over, or its client has left")
        connection = call.connection
        call.socket = WebSocket(connection, max_message=self.settings.max_body, protocol=protocol)
        connection.on_lost = functools.partial(self._socket_lost, call)
        connection.upgrade(head, call.socket)
        return call.socket

    def _socket_lost(self, call: Call) -> None:
        call.request.client_left = True
        if call.task is not None:
            self.loop.call_later(_CANCEL_GRACE, call.task.cancel)

    def _expire(self, call: Call) -> None:
        if call.streaming:
            console.report("%s: its stream was silent for %g s" % (TIMED_OUT, self.settings.timeout))
            call.connection.break_off()
        else:
            outcome = Outcome(plain(408, TIMED_OUT), failed=False, seconds=self.settings.timeout)
            self._record(call, outcome)
            call.connection.respond(outcome.answer)
        if call.task is not None:
            call.task.cancel()
            self.loop.call_later(_CANCEL_GRACE, self._check_cancelled, call.task)
            return
        call.abandoned = True  # before the look at its thread, which is noted before `abandoned` is looked at
        if call.thread is None:
            console.report("%s: no thread became free in %g s (FUNC_THREADS)" % (TIMED_OUT, self.settings.timeout))
        else:
            # One that had to wait for its thread has not run for long yet: it may be quite in order.
            self.loop.call_at(call.began + self.settings.timeout, self._check_returned, call, call.thread)

    def _check_returned(self, call: Call, thread: int) -> None:
        if call.outcome is not None:
            return
        console.report("%s: it is still running after %g s, at:" % (TIMED_OUT, self.settings.timeout))
        console.write(2, tracebacks.format_stack(thread).encode("utf-8", "backslashreplace"))
        self._on_stuck()

    def _check_cancelled(self, task: asyncio.Task[None]) -> None:
        if not task.done():
            console.report("%s: it goes on although it was cancelled" % TIMED_OUT)
            self._on_stuck()

    def _record(self, call: Call, outcome: Outcome, *, size: int | None = None) -> None:
        request, answer = call.request, outcome.answer
        self._slot.count_call(request.method, seconds=outcome.seconds, failed=outcome.failed)
        self._log.record(
            client=request.remote_addr,
            request_line=(request.method, request.raw_path, request.version),
            status=answer.status,
            size=0 if request.method == "HEAD" else len(answer.body) if size is None else size,
            agent=request.get_header("user-agent") or "",
            seconds=self.loop.time() - call.started,
        )
