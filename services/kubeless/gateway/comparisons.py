"""
Comparisons of passwords, which take long on purpose, so that they harm nobody else.

They run in threads, on all processors but one, which is left to the event loop. Routes take turns: a flood of wrong
passwords on one route makes logins there wait, or fails them, while one on another route waits for the comparison under
way and no more.
"""

import asyncio
import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from kubeless.gateway.refusal import RETRY_SOON, Refusal

Compare = Callable[[bytes, bytes], bool]

WAITING_PER_ROUTE = 16
"""At a quarter of a second each, about as long as anybody waits for an answer."""

_WAITING = 1024
_MOST_THREADS = 4


@dataclass(frozen=True, slots=True)
class _Waiting:
    hashed: bytes
    password: bytes
    result: "asyncio.Future[bool]"


class Comparisons:
    """Belongs to one event loop."""

    def __init__(self, compare: Compare, *, threads: int | None = None) -> None:
        self._compare = compare
        self._threads = threads or min(_MOST_THREADS, max(1, _processors() - 1))
        self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="password")
        self._turns: dict[str, deque[_Waiting]] = {}
        """What waits, by route; the route whose turn it is comes first."""
        self._waiting = 0
        self._running = 0

    def __repr__(self) -> str:
        return f"<Comparisons {self._running} of {self._threads} running, {self._waiting} waiting>"

    def begin(self, route: str, hashed: bytes, password: bytes) -> "asyncio.Future[bool]":
        """Whether they fit, some time later. Raises Refusal (503) if too many wait."""
        queue = self._turns.get(route, ())
        if len(queue) >= WAITING_PER_ROUTE or self._waiting >= _WAITING:
            raise Refusal(503, "overloaded", "too many passwords are being checked", headers=RETRY_SOON)
        entry = _Waiting(hashed, password, asyncio.get_running_loop().create_future())
        self._turns.setdefault(route, deque()).append(entry)
        self._waiting += 1
        self._advance()
        return entry.result

    def close(self) -> None:
        """What has not begun never will."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        for queue in self._turns.values():
            for entry in queue:
                entry.result.cancel()
        self._turns.clear()
        self._waiting = 0

    def _advance(self) -> None:
        while self._waiting and self._running < self._threads:
            route, queue = next(iter(self._turns.items()))
            entry = queue.popleft()
            del self._turns[route]
            if queue:
                self._turns[route] = queue  # behind the others
            self._waiting -= 1
            self._running += 1
            loop = asyncio.get_running_loop()
            running = loop.run_in_executor(self._pool, self._compare, entry.hashed, entry.password)
            running.add_done_callback(lambda done, entry=entry: self._ended(entry, done))  # type: ignore[misc]

    def _ended(self, entry: _Waiting, done: "asyncio.Future[bool]") -> None:
        self._running -= 1
        if done.cancelled():
            entry.result.cancel()
        elif not entry.result.done():
            error = done.exception()
            if error is None:
                entry.result.set_result(done.result())
            else:
                entry.result.set_exception(error)
        self._advance()


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):  # not on macOS
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
