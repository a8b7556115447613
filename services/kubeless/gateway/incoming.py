"""
What the gateway's logic sees of a client: a request, and a way to answer it.

The HTTP server makes an `Incoming` and gives it to a `Handler` with a `Reply`. A handler either answers at once and
returns None, which costs no task, or returns an awaitable that the server runs; if the client goes away, the server
cancels it.
"""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from kubeless.core.errors import InvalidInput, KubelessError
from kubeless.delivery.transport.request import Headers


class ClientGone(KubelessError):
    """The client closed the connection before its request was answered."""


class BadBody(InvalidInput):
    """The request body is not framed as announced."""

    status = 400


class BodyTimeout(BadBody):
    """The rest of the request body did not come in time."""

    status = 408


@dataclass(slots=True)
class Incoming:
    """
    One request as it was received. Framing has been taken care of, nothing else has been looked at.

    Not frozen, although nobody changes one: a frozen dataclass costs as much to make as the request to parse.
    """

    method: str
    target: bytes
    headers: Headers
    body: bytes | AsyncIterable[bytes]
    """Bytes where the whole body is here already. Iterating may raise ClientGone or BadBody."""
    content_length: int | None
    """Announced length of the body; None if there is no body or it comes in chunks."""
    peer: str
    """Address of the client, without port."""
    scheme: str
    """`http` or `https`."""
    needs_host: bool
    """HTTP/1.1: a request without a Host header is not valid (RFC 9112 3.2)."""
    first: Mapping[bytes, bytes] = field(default_factory=dict)
    """Header values by lower-case name; of repeated fields the last one."""
    upgrade: bytes = b""
    """The protocol the client wants to switch to, or empty."""


class Switched(Protocol):
    """A client's connection after a 101: bytes both ways."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        """What the client sends, until it ends its side. Raises ClientGone if the connection broke."""

    async def write(self, data: bytes) -> None:
        """Send; waits while the client is slow. Raises ClientGone."""

    def close(self) -> None:
        """End the connection; what was written still goes out."""


class Reply(Protocol):
    """The answer to one request. All methods may raise ClientGone."""

    on_gone: Callable[[], None] | None
    """Called, where set, when the client goes away before the answer is complete: for handlers without a task."""

    @property
    def started(self) -> bool:
        """Whether the head was sent, after which there is no other answer to give."""

    async def start(self, status: int, headers: Headers, *, length: int | None, close: bool = False) -> None:
        """Send the head. `length` None: unknown. `close`: end the client's connection after this answer."""

    async def write(self, data: bytes) -> None:
        """Send a piece of the body; waits while the client is slow."""

    def send(self, status: int, headers: Headers, body: bytes, *, length: int | None, close: bool = False) -> None:
        """The whole answer in one write."""

    def finish(self) -> None:
        """The body is complete. The server does it for handlers that return."""

    def switch(self, headers: Headers) -> Switched:
        """Answer 101 to a request with `upgrade`."""

    def go_on(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        """Leave the rest to a task, for a handler that began without one; it is cancelled when the client goes away."""

    def abort(self) -> None:
        """End the connection so that the client sees that the answer is incomplete."""


class Handler(Protocol):
    """Answers requests."""

    def __call__(self, incoming: Incoming, reply: Reply) -> Coroutine[Any, Any, None] | None:
        """Answer now (None), or return what will."""


class ExpressClient(Protocol):
    """A client's connection, as an `Express` sees it while it has a request of it."""

    @property
    def must_close(self) -> bool:
        """Whether this has to be the last answer."""

    def reply(self, head: bytes) -> Reply:
        """For a request with this head that the express way is given up for."""

    def answered(self, *, close: bool) -> None:
        """The answer was written."""


class Express(Protocol):
    """The express way of one client, see `kubeless.gateway.express`; takes one request at a time."""

    def take(self, data: bytes) -> bool:
        """Whether `data` is one whole request that is on its way now, to be answered or replied to."""

    def offer(self, head: bytes, incoming: Incoming) -> None:
        """
        A whole request, not the first with this head, could not be taken: perhaps the next can. It is HTTP/1.1 and
        expects an answer with a body on a connection that stays.
        """

    def gone(self) -> None:
        """The client has gone."""


class Expressway(Protocol):
    """What expresses share."""

    def express(self, client: ExpressClient, write: Callable[[bytes], None], *, peer: str, scheme: str) -> Express:
        """For one connection; `write` sends to the client."""
