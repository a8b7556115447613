"""
The calls in progress in one worker, and their deadlines.

All calls have the same timeout, so the one that began first is due first: a dictionary in order of arrival and one
timer replace a timer per call.
"""

from __future__ import annotations

import contextvars
import threading
from time import monotonic

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterator

    from .connection import Connection
    from .invoke import Invoker
    from .request import Request
    from .scoreboard import Slot
    from .websocket import WebSocket


class Call:
    """One request on its way through the function."""

    __slots__ = (
        "_invoker",
        "abandoned",
        "began",
        "connection",
        "deadline",
        "outcome",
        "request",
        "socket",
        "started",
        "streaming",
        "task",
        "thread",
    )

    def __init__(self, connection: Connection, request: Request, invoker: Invoker, *, started: float) -> None:
        self.connection = connection
        self.request = request
        self.started = started
        self.deadline = 0.0
        self.thread: int | None = None
        """Which thread runs it; None while it waits for one, or is `async`."""
        self.began = 0.0
        """When that thread began with it."""
        self.task: asyncio.Task[None] | None = None
        self.outcome: object = None
        self.abandoned = False
        """Timed out while it waited for a thread: it is not to be run any more."""
        self.streaming = False
        """The head of its answer has been sent, and more comes."""
        self.socket: WebSocket | None = None
        """Once the function has accepted one."""
        self._invoker = invoker

    def run(self) -> None:
        """In a thread: call the function."""
        self.began = monotonic()
        self.thread = threading.get_ident()  # before `abandoned` is read: see Service._expire
        if not self.abandoned:
            # In a context of its own, so that no ContextVar leaks from one call to the next in the same thread.
            self.outcome = contextvars.copy_context().run(self._invoker.run, self.request)


class Calls:
    """Calls in progress, oldest first. `on_expired` is called for each that has not finished in time."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, slot: Slot, *, timeout: float, on_expired: Callable[[Call], None]
    ) -> None:
        self._loop = loop
        self._slot = slot
        self._timeout = timeout
        self._on_expired = on_expired
        self._calls: dict[Call, None] = {}
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._calls)

    def __iter__(self) -> Iterator[Call]:
        return iter(list(self._calls))

    def add(self, call: Call) -> None:
        call.deadline = call.started + self._timeout
        self._insert(call)

    def _insert(self, call: Call) -> None:
        if not self._calls:
            self._slot.deadline = call.deadline
        self._calls[call] = None
        if self._timer is None:
            self._timer = self._loop.call_at(call.deadline, self._expire)

    def renew(self, call: Call) -> None:
        """One that was removed has as much time as a new one, from now on."""
        call.deadline = self._loop.time() + self._timeout
        self._insert(call)

    def remove(self, call: Call) -> bool:
        """False when the call has been removed before: it has expired."""
        if call not in self._calls:
            return False
        del self._calls[call]
        oldest = next(iter(self._calls), None)
        self._slot.deadline = oldest.deadline if oldest else 0.0
        return True

    def _expire(self) -> None:
        """The timer is not moved when a call ends; it finds out here what is due, and when to come again."""
        self._timer = None
        now = self._loop.time()
        for call in self:
            if call.deadline > now:
                self._timer = self._loop.call_at(call.deadline, self._expire)
                return
            self.remove(call)
            self._on_expired(call)
