"""
Where the parts of a streamed answer come from: an asynchronous iterator on the loop, any other one in threads.

Parts are asked for one at a time, each only once its predecessor is on its way: what a slow client does not take is
not made either.
"""

from __future__ import annotations

import asyncio
import contextvars

from . import console, tracebacks
from .answer import UnusableAnswer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor, Future
    from typing import Any, Protocol

    class Parts(Protocol):
        """What both kinds have in common."""

        pulling: Callable[[], bool] | None
        """Tells whether a thread is still at work; None if there is no such thread."""

        async def next_part(self) -> bytes | None: ...

        async def close(self) -> None: ...


_END = object()


def open_parts(iterable: Any, loop: asyncio.AbstractEventLoop, executor: Callable[[], Executor]) -> Parts:
    """The parts of an iterable; `executor` is asked for only if threads are needed."""
    if hasattr(iterable, "__aiter__"):
        return _AsyncParts(iterable)
    return _ThreadParts(iterable, loop, executor())


class _AsyncParts:
    def __init__(self, iterable: Any) -> None:
        self.pulling: Callable[[], bool] | None = None
        self._iterator = iterable.__aiter__()

    async def next_part(self) -> bytes | None:
        """None at the end. Raises what the function raises, and UnusableAnswer."""
        try:
            return _encode(await self._iterator.__anext__())
        except StopAsyncIteration:
            return None

    async def close(self) -> None:
        """Let the function's generator run its `finally`."""
        if hasattr(self._iterator, "aclose"):
            await self._iterator.aclose()


class _ThreadParts:
    def __init__(self, iterable: Any, loop: asyncio.AbstractEventLoop, executor: Executor) -> None:
        self._loop = loop
        self._executor = executor
        self._context = contextvars.copy_context()
        self._iterable = iterable
        self._iterator: Any = None
        self.pulling: Callable[[], bool] | None = None
        self._future: Future[Any] | None = None

    async def next_part(self) -> bytes | None:
        """As above."""
        self._future = self._executor.submit(self._context.run, self._next)
        self.pulling = self._future.running
        part = await asyncio.wrap_future(self._future, loop=self._loop)
        self.pulling = None
        return None if part is _END else _encode(part)

    async def close(self) -> None:
        """As above. A part that is being made cannot be stopped, so this does not wait for it."""
        if self._future is not None:
            self._future.add_done_callback(lambda _: self._executor.submit(self._context.run, self._end))

    def _end(self) -> None:
        try:
            if hasattr(self._iterator, "close"):
                self._iterator.close()
        except BaseException as error:  # the function's; nobody waits for it
            console.report("a stream's generator cannot be closed: %s" % tracebacks.describe(error))
        finally:
            console.flush()

    def _next(self) -> Any:
        if self._iterator is None:
            self._iterator = iter(self._iterable)
        return next(self._iterator, _END)


def _encode(part: Any) -> bytes:
    if isinstance(part, str):
        return part.encode("utf-8", "surrogatepass")
    if isinstance(part, (bytes, bytearray, memoryview)):
        return bytes(part)
    raise UnusableAnswer("the function's stream has a %s in it: give str or bytes" % type(part).__name__)
