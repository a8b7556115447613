"""
From request to answer: run the function, keep its deadline, count and log the call.

A call ends once: with what the function made of it, or with 408 when that takes too long. Whatever comes from the
function after its 408 is dropped. A thread cannot be ended from outside, so a function stuck in one makes the whole
worker retire: see `on_stuck`.
"""

from __future__ import annotations

import contextlib
import os

from . import console, metrics, tracebacks
from .access_log import AccessLog
from .answer import Answer, plain
from .calls import Call, Calls
from .http_writer import render
from .invoke import Invoker, Outcome
from .threads import ThreadPool

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable

    from .connection import Connection
    from .loader import Function
    from .request import Request
    from .scoreboard import Scoreboard, Slot
    from .settings import Settings

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
        if self._is_async:
            call.task = self.loop.create_task(self._run(call, self._invoker.run_async(request)))
        else:
            self._threads.submit(call)

    def give_up(self) -> None:
        """Answer the calls that have not finished; the process is about to end."""
        for call in self.calls:
            self._finish(call, Outcome(plain(503, ENDED), failed=False, seconds=self.loop.time() - call.started))

    def answer_raw(self, call: Call, answer: Answer) -> None:
        """
        Answer past the event loop, which is stuck, from another thread. The process must end afterwards.

        Without effect if the connection still has an earlier answer to send.
        """
        self.calls.remove(call)
        transport = call.connection.transport
        if not transport.get_write_buffer_size():
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
        if self.calls.remove(call):
            self._record(call, outcome)
            call.connection.respond(outcome.answer)

    def _expire(self, call: Call) -> None:
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

    def _record(self, call: Call, outcome: Outcome) -> None:
        request, answer = call.request, outcome.answer
        self._slot.count_call(request.method, seconds=outcome.seconds, failed=outcome.failed)
        self._log.record(
            client=request.remote_addr,
            request_line=(request.method, request.raw_path, request.version),
            status=answer.status,
            size=0 if request.method == "HEAD" else len(answer.body),
            agent=request.get_header("user-agent") or "",
            seconds=self.loop.time() - call.started,
        )
