"""An event on its way: what the engine remembers of it from the offer to its fate."""

import asyncio
from collections.abc import Callable, Hashable

from kubeless.core.event import Event


class GivenUp(Exception):
    """The event has no next attempt here: it is to be released."""


class Job:
    """Mutable on purpose, and light: there is one per event. Compared by identity."""

    __slots__ = ("_leaving", "_waker", "done", "event", "lane", "number", "offered_at", "task")

    def __init__(self, event: Event, done: Callable[[], None], offered_at: float) -> None:
        self.event = event
        self.done = done
        self.offered_at = offered_at
        self.lane: Hashable = None
        """Which lane it is in, see `lanes`."""
        self.number = 0
        """Its place in the order of arrival."""
        self.task: asyncio.Task[None] | None = None
        """Who carries it, once it has started."""
        self._waker: asyncio.Future[None] | None = None
        self._leaving = False

    async def pause(self, seconds: float) -> None:
        """
        Wait before trying again, until `wake` at the latest.

        Raises GivenUp if the job is to leave instead, now or while it waits.
        """
        loop = asyncio.get_running_loop()
        if not self._leaving:
            self._waker = loop.create_future()
            timer = loop.call_later(seconds, self.wake)
            try:
                await self._waker
            finally:
                timer.cancel()
                self._waker = None
        if self._leaving:
            raise GivenUp

    def wake(self) -> None:
        """End a pause."""
        if self._waker is not None and not self._waker.done():
            self._waker.set_result(None)

    def leave(self) -> None:
        """Finish the try that is under way, but do not wait for another one."""
        self._leaving = True
        self.wake()
