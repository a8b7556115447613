"""
The raw bytes of another protocol, both ways, after an endpoint answered 101 (RFC 9110 7.8).

    async with await transport.send(Request("GET", b"/chat", upgrade=b"websocket"), endpoints) as response:
        if response.tunnel is not None:
            await response.tunnel.write(b"...")
            async for data in response.tunnel: ...

The timeouts of the request end with the handshake: how long the other protocol may be silent is its own matter. The
connection never returns to the pool.
"""

from collections.abc import AsyncIterator
from typing import Protocol


class Incoming(Protocol):
    """The reading side: a Response, as a tunnel sees it."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Pieces as they arrive, until the endpoint ends its side."""


class Outgoing(Protocol):
    """The writing side: a connection, as a tunnel sees it."""

    async def send(self, data: bytes) -> None:
        """Write, and wait while the endpoint takes nothing. Raises ConnectionLost."""

    def send_eof(self) -> None:
        """Nothing more will be written."""

    def hang_up(self) -> None:
        """Close; what was written still goes out."""


class Tunnel:
    """For one reader and one writer, which may be different tasks."""

    __slots__ = ("_incoming", "_outgoing")

    def __init__(self, incoming: Incoming, outgoing: Outgoing) -> None:
        self._incoming = incoming
        self._outgoing = outgoing

    def __aiter__(self) -> AsyncIterator[bytes]:
        """
        What the endpoint sends, until it ends its side. Raises ConnectionLost if the connection broke.

        Whoever does not read stops the endpoint (backpressure).
        """
        return aiter(self._incoming)

    async def write(self, data: bytes) -> None:
        """Send, and wait while the endpoint takes nothing. Raises ConnectionLost once the connection is gone."""
        await self._outgoing.send(data)

    def write_eof(self) -> None:
        """End our side; the endpoint may go on with its own."""
        self._outgoing.send_eof()

    def close(self) -> None:
        """End both sides. What was written still goes out, for a few seconds at most."""
        self._outgoing.hang_up()
