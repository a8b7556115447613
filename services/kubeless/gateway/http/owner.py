"""What a server and the connections that belong to it know of each other."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Protocol

from kubeless.gateway.http.heads import Heads
from kubeless.gateway.http.limits import Limits
from kubeless.gateway.http.problem import BadRequest
from kubeless.gateway.http.reply import Reply
from kubeless.gateway.incoming import Expressway, Handler, Incoming


class Guest(Protocol):
    """A connection, as the server sees it."""

    def sweep(self, now: float) -> None:
        """Called about once a second: end what is late."""

    def drain(self) -> None:
        """Close if nothing is under way."""

    def cut_off(self) -> None:
        """End the connection and cancel what runs for it."""


class Owner(Protocol):
    """The server, as a connection sees it."""

    handler: Handler
    expressway: Expressway | None
    limits: Limits
    heads: Heads
    scheme: str
    draining: bool

    def opened(self, connection: Guest) -> bool:
        """Whether there is room for it."""

    def closed(self, connection: Guest) -> None:
        """It is gone."""

    def handle(self, incoming: Incoming, reply: Reply) -> Coroutine[Any, Any, None] | None:
        """Give a request to the handler; what is left to run, if anything."""

    def run(self, work: Coroutine[Any, Any, None], reply: Reply) -> "asyncio.Task[None]":
        """Run what is left of a handler."""

    def refused(self, error: BadRequest, peer: str) -> tuple[list[tuple[bytes, bytes]], bytes]:
        """Headers and body of the answer to what is no request."""
