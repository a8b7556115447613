"""
A queue of keys for level-triggered work.

Controllers react to many changes of the same object. What counts is its latest state, so the queue holds keys:

- a key that waits is held once, however often it is added;
- a key is never worked on twice at the same time;
- a key that is added while it is worked on is worked on once more afterwards, so no change is missed;
- a key whose work failed comes back after a pause that grows with each failure in a row.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

import structlog

from kubeless.core.backoff import Backoff
from kubeless.core.errors import KubelessError

K = TypeVar("K", bound=Hashable)

log = structlog.get_logger(__name__)


class WorkQueue(Generic[K]):
    """Keys that wait for work. Belongs to one event loop; not thread-safe."""

    def __init__(self, name: str, *, make_backoff: Callable[[], Backoff] | None = None) -> None:
        self._name = name
        self._make_backoff = make_backoff or (lambda: Backoff(initial=0.05, maximum=60.0))
        self._ready: deque[K] = deque()
        self._waiting: set[K] = set()
        self._working: set[K] = set()
        self._again: set[K] = set()
        self._timers: dict[K, asyncio.TimerHandle] = {}
        self._backoffs: dict[K, Backoff] = {}
        self._wakeup = asyncio.Event()

    def __len__(self) -> int:
        """How many keys wait, timers not counted."""
        return len(self._waiting)

    def __repr__(self) -> str:
        state = f"waiting={len(self._waiting)} working={len(self._working)} timers={len(self._timers)}"
        return f"<WorkQueue {self._name} {state}>"

    def add(self, key: K) -> None:
        """Ask for work on `key` as soon as a worker is free."""
        if key in self._working:
            self._again.add(key)
        elif key not in self._waiting:
            self._waiting.add(key)
            self._ready.append(key)
            self._wakeup.set()

    def add_after(self, key: K, delay: float) -> None:
        """Ask for work on `key` in `delay` seconds. Of several delays of one key the earliest holds."""
        loop = asyncio.get_running_loop()
        due = loop.time() + delay
        timer = self._timers.get(key)
        if timer is not None:
            if timer.when() <= due:
                return
            timer.cancel()
        self._timers[key] = loop.call_at(due, self._add_now, key)

    def retry(self, key: K) -> None:
        """Ask for work on `key` after its next pause."""
        backoff = self._backoffs.get(key)
        if backoff is None:
            backoff = self._backoffs[key] = self._make_backoff()
        self.add_after(key, backoff.next())

    def forget(self, key: K) -> None:
        """The work on `key` succeeded: its next failure starts with the shortest pause."""
        self._backoffs.pop(key, None)

    async def run(self, work: Callable[[K], Awaitable[None]], *, workers: int = 4) -> None:
        """
        Work on keys until cancelled, at most `workers` at a time.

        Work that fails raises: the error is logged with the key, and the key retried after its next pause. One broken
        object must not stop the others.
        """
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(workers):
                    group.create_task(self._work_forever(work))
        finally:
            for timer in self._timers.values():
                timer.cancel()
            self._timers.clear()

    async def _work_forever(self, work: Callable[[K], Awaitable[None]]) -> None:
        while True:
            key = await self._take()
            try:
                await work(key)
            except KubelessError as error:
                log.warning("work failed, will retry", queue=self._name, key=key, error=str(error))
                self.retry(key)
            except Exception:
                log.exception("work failed unexpectedly, will retry", queue=self._name, key=key)
                self.retry(key)
            else:
                self.forget(key)
            finally:
                self._done(key)

    async def _take(self) -> K:
        while not self._ready:
            self._wakeup.clear()
            await self._wakeup.wait()
        key = self._ready.popleft()
        self._waiting.discard(key)
        self._working.add(key)
        return key

    def _done(self, key: K) -> None:
        self._working.discard(key)
        if key in self._again:
            self._again.discard(key)
            self.add(key)

    def _add_now(self, key: K) -> None:
        self._timers.pop(key, None)
        self.add(key)
