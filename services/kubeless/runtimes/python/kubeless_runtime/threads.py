"""
Threads that run the calls of a function that is not `async`.

Like concurrent.futures, but without a lock, a future and a wake-up of the event loop for each call: results that
come while the loop is busy are collected and handed over together.
"""

from __future__ import annotations

import threading
from collections import deque
from queue import SimpleQueue

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from .calls import Call


class ThreadPool:
    """
    Runs up to `limit` calls at once and passes each finished one to `on_done`, on the loop.

    The threads are daemons: one that is stuck must not keep the process from ending.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, *, limit: int, on_done: Callable[[Call], None]) -> None:
        self._loop = loop
        self._limit = limit
        self._on_done = on_done
        self._calls: SimpleQueue[Call] = SimpleQueue()
        self._done: deque[Call] = deque()
        self._waking = False
        self._threads = 0
        self._unfinished = 0

    def submit(self, call: Call) -> None:
        """Only from the loop's thread."""
        self._unfinished += 1
        if self._unfinished > self._threads < self._limit:
            self._threads += 1
            threading.Thread(target=self._work, name="function-%d" % self._threads, daemon=True).start()
        self._calls.put(call)

    def _work(self) -> None:
        while True:
            call = self._calls.get()
            call.run()
            self._done.append(call)
            # Read after the append: whoever sees True knows that the loop has yet to empty the queue.
            if not self._waking:
                self._waking = True
                try:
                    self._loop.call_soon_threadsafe(self._hand_over)
                except RuntimeError:  # the loop is closed, the process about to end
                    return

    def _hand_over(self) -> None:
        self._waking = False
        done = self._done
        while done:
            call = done.popleft()
            self._unfinished -= 1
            self._on_done(call)
