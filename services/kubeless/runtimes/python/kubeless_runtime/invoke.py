"""
Call the function with an event and turn what comes out, a value or an exception, into an answer.

Nothing a function does gets past this module: not its exceptions, not `sys.exit()`. What went wrong is for the log
only; the client learns no more than `Internal Server Error`.
"""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import NamedTuple

from . import console, tracebacks
from .answer import Answer, UnusableAnswer, encode, is_response, plain
from .event import InvalidJson, make_event
from .websocket import WebSocketClosed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable
    from typing import Any

    from .loader import Function
    from .request import Request


SWITCHED = Answer(101, b"")
"""What stands for a WebSocket in the log; it is never sent."""


class Outcome(NamedTuple):
    """How a call ended."""

    answer: Answer
    failed: bool
    seconds: float


class Invoker:
    """Calls one function; its context is the same for every call."""

    def __init__(
        self, function: Function, *, timeout: float, runtime: str, memory_limit: str, text_data: bool = False
    ) -> None:
        self._function = function
        self._text_data = text_data
        self._context = {
            "function-name": function.name,
            "timeout": timeout,
            "runtime": runtime,
            "memory-limit": memory_limit,
        }

    def run(self, request: Request) -> Outcome | Awaitable[Outcome]:
        """Call a function that is not `async`, in a thread. Should it return an awaitable, that is to be awaited."""
        started = monotonic()
        try:
            value = self._call(request)
            if hasattr(value, "__await__"):
                return self._finish(request, value, started)
            return Outcome(encode(value), failed=False, seconds=monotonic() - started)
        except BaseException as error:  # see the module's promise
            return outcome_of(error, monotonic() - started)
        finally:
            console.flush()

    async def run_async(self, request: Request) -> Outcome:
        """Call an `async` function, on the event loop."""
        return await self._finish(request, self._await_call(request), monotonic())

    async def _await_call(self, request: Request) -> Any:
        return await self._call(request)

    async def _finish(self, request: Request, value: Awaitable[Any], started: float) -> Outcome:
        try:
            return Outcome(encode(await value), failed=False, seconds=monotonic() - started)
        except BaseException as error:
            if request.client_left and isinstance(error, asyncio.CancelledError):
                return Outcome(SWITCHED, failed=False, seconds=monotonic() - started)
            return outcome_of(error, monotonic() - started)  # a call that timed out has been answered already
        finally:
            console.flush()

    def _call(self, request: Request) -> Any:
        function = self._function
        if function.parameters == 2:
            return function.call(make_event(request, text_data=self._text_data), dict(self._context))
        if function.parameters == 1:
            return function.call(make_event(request, text_data=self._text_data))
        return function.call()


def outcome_of(error: BaseException, seconds: float) -> Outcome:
    """What becomes of a call that ended with an error; the error is logged, unless it is meant as an answer."""
    if isinstance(error, WebSocketClosed):
        return Outcome(SWITCHED, failed=False, seconds=seconds)
    if is_response(error):
        try:
            return Outcome(encode(error), failed=False, seconds=seconds)
        except Exception as unusable:  # the function's iterators may raise anything
            error = unusable
    _log(error)
    return Outcome(plain(500, "Internal Server Error"), failed=True, seconds=seconds)


def _log(error: BaseException) -> None:
    text = str(error) + "\n" if isinstance(error, (UnusableAnswer, InvalidJson)) else _with_traceback(error)
    console.write(2, ("Function returned an exception: " + text).encode("utf-8", "backslashreplace"))


def _with_traceback(error: BaseException) -> str:
    return "%s\n%s" % (tracebacks.describe(error), tracebacks.format_error(error))
