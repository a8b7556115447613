"""
The short way of a request: sent on at once, answered when the function has answered, with no task in between.

Nearly all requests are small, find an idle connection, and are answered in one piece. For those a task, and every await
in it, costs more than all the rest. As soon as something else happens (an answer in pieces, an error, a new attempt),
the rest is left to a task.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from kubeless.delivery.transport.request import Request
from kubeless.delivery.transport.response import Response
from kubeless.delivery.transport.timeouts import Timeouts
from kubeless.gateway.incoming import Incoming, Reply
from kubeless.gateway.journal import Progress
from kubeless.gateway.route import Route
from kubeless.routing.endpoints import Endpoint


class Forwarder(Protocol):
    """What a passage needs of the forwarder."""

    def answer(self, passage: "Passage") -> None:
        """The response is complete: answer the client."""

    def go_on(self, passage: "Passage") -> Coroutine[Any, Any, None]:
        """Do the rest, as a task."""

    def passed(self, passage: "Passage") -> None:
        """The request is over, however it ended. Called exactly once."""


@dataclass(slots=True, eq=False)
class Passage:
    """A request that was sent on."""

    forwarder: Forwarder
    incoming: Incoming
    reply: Reply
    progress: Progress
    route: Route
    request: Request
    endpoints: Sequence[Endpoint]
    timeouts: Timeouts
    response: Response
    over: bool = False

    def wait(self) -> None:
        """Go on when something has come from the function, or the client has gone."""
        self.reply.on_gone = self._gone
        self.response.progress().add_done_callback(self._came)

    def go_on(self) -> None:
        """Leave the rest to a task."""
        self.reply.on_gone = None
        self.reply.go_on(self.forwarder.go_on(self)).add_done_callback(self._end)

    def _came(self, _: asyncio.Future[None]) -> None:
        if self.over:
            return
        if self.response.complete:
            self.reply.on_gone = None
            self.forwarder.answer(self)
            self._end()
        else:
            self.go_on()

    def _gone(self) -> None:
        self.progress.outcome = "client_gone"
        self.response.close()
        self._end()

    def _end(self, _: object = None) -> None:
        if not self.over:
            self.over = True
            self.forwarder.passed(self)
