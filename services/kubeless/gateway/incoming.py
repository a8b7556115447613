"""
What the gateway's logic sees of a client: a request, and a way to answer it.

The HTTP server behind it can be replaced without touching anything else: it makes an `Incoming`, gives it to a
`Handler` with a `Reply`, and finishes the answer when the handler returns. If the client goes away, the server cancels
the handler.
"""

from collections.abc import AsyncIterable, Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from kubeless.core.errors import InvalidInput, KubelessError
from kubeless.delivery.transport.request import Headers


class ClientGone(KubelessError):
    """The client closed the connection before its request was answered."""


class BadBody(InvalidInput):
    """The request body is not framed as announced."""


class BodyTimeout(BadBody):
    """The rest of the request body did not come in time."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """One request as it was received. Framing has been taken care of, nothing else has been looked at."""

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


class Reply(Protocol):
    """The answer to one request. All methods may raise ClientGone."""

    @property
    def started(self) -> bool:
        """Whether the head was sent, after which there is no other answer to give."""

    async def start(self, status: int, headers: Headers, *, length: int | None, close: bool = False) -> None:
        """Send the head. `length` None: unknown. `close`: end the client's connection after this answer."""

    async def write(self, data: bytes) -> None:
        """Send a piece of the body; waits while the client is slow."""

    def abort(self) -> None:
        """End the connection so that the client sees that the answer is incomplete."""


Handler = Callable[[Incoming, Reply], Awaitable[None]]
