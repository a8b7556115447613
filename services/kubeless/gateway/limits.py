"""
How many requests of one route are under way at a time.

A route whose functions are slow must not take the memory of all others with it. Beyond the limit a few requests wait a
moment, first come first served, so that a burst is smoothed; the rest is told at once to come back later.
"""

import asyncio
from collections import deque
from dataclasses import dataclass, field

from kubeless.gateway.refusal import RETRY_SOON, Refusal
from kubeless.gateway.route import RouteKey


@dataclass(slots=True)
class _Load:
    running: int = 0
    waiting: deque[asyncio.Future[bool]] = field(default_factory=deque)


class RouteLimits:
    """Belongs to one event loop. Routes without a request under way take no memory."""

    def __init__(self, *, in_flight: int, queued: int, patience: float) -> None:
        """At most `in_flight` (0: no limit) at a time and `queued` waiting, each at most `patience` seconds."""
        self._in_flight = in_flight
        self._queued = queued
        self._patience = patience
        self._loads: dict[RouteKey, _Load] = {}

    def __repr__(self) -> str:
        return f"<RouteLimits {self.running} under way, {self.waiting} waiting>"

    @property
    def running(self) -> int:
        """Requests under way, over all routes."""
        return sum(load.running for load in list(self._loads.values()))

    @property
    def waiting(self) -> int:
        """Requests that wait for their turn, over all routes."""
        return sum(len(load.waiting) for load in list(self._loads.values()))

    def try_enter(self, key: RouteKey) -> bool:
        """Take a place if one is free; whoever did must `leave`."""
        load = self._loads.get(key)
        if load is None:
            load = self._loads[key] = _Load()
        if self._in_flight and load.running >= self._in_flight:
            return False
        load.running += 1
        return True

    async def enter(self, key: RouteKey) -> None:
        """
        Take a place, or wait for one; whoever did must `leave`.

        Raises Refusal (503) if all are taken and it is no use to wait.
        """
        if self.try_enter(key):
            return
        load = self._loads[key]
        if len(load.waiting) >= self._queued:
            raise _overloaded(self._in_flight)
        await self._wait(key, load)

    def leave(self, key: RouteKey) -> None:
        """Give a place back, to who waits longest."""
        load = self._loads[key]
        while load.waiting:
            turn = load.waiting.popleft()
            if not turn.done():
                turn.set_result(True)  # The place changes hands, so the count stays.
                return
        load.running -= 1
        if not load.running:
            del self._loads[key]

    async def _wait(self, key: RouteKey, load: _Load) -> None:
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[bool] = loop.create_future()
        load.waiting.append(turn)
        timer = loop.call_later(self._patience, _end, turn)
        try:
            came = await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.result():
                self.leave(key)  # The place was ours already when the client went away.
            raise
        finally:
            timer.cancel()
            if turn in load.waiting:
                load.waiting.remove(turn)
        if not came:
            raise _overloaded(self._in_flight)


def _end(turn: asyncio.Future[bool]) -> None:
    if not turn.done():
        turn.set_result(False)


def _overloaded(limit: int) -> Refusal:
    return Refusal(503, "overloaded", f"the route has {limit} requests under way already", headers=RETRY_SOON)
