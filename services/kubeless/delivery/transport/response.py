"""
A response: its head at once, its body as it arrives.

The body is handed on in the pieces the endpoint sent. A reader that is slow stops the connection from reading
(backpressure); a response that is not read to its end must be closed, which ends its connection: `async with` does so,
and so does `read`.
"""

import asyncio
from collections.abc import Sequence
from types import TracebackType
from typing import Protocol, Self

from kubeless.delivery.transport.errors import ResponseClosed, ResponseTooLarge
from kubeless.delivery.transport.tunnel import Tunnel
from kubeless.routing.endpoints import Endpoint


class Source(Protocol):
    """What a response asks of the connection it arrives on."""

    def pause(self) -> None:
        """Take no more bytes from the endpoint for now."""

    def resume(self) -> None:
        """Go on taking bytes."""

    def abandon(self) -> None:
        """Nobody waits for the rest: end the connection."""


class Response:
    """One response; for one reader. What most responses never need is set on the class, for one is made per request."""

    status = 0
    headers: Sequence[tuple[bytes, bytes]] = ()
    """As sent by the endpoint, hop-by-hop ones included."""

    trailers: Sequence[tuple[bytes, bytes]] = ()
    """Fields behind a chunked body, complete when it is. Those that would frame or route a message are left out."""

    tunnel: Tunnel | None = None
    """Where the bytes of the other protocol go both ways, when the status is 101. It is closed with the response."""

    endpoint: Endpoint
    """Where it comes from."""

    deadline: float | None = None
    """Loop time at which the total timeout ends it."""

    _buffered = 0
    _paused = False
    _complete = False
    _error: BaseException | None = None
    _waiter: asyncio.Future[None] | None = None

    def __init__(self, source: Source, high: int) -> None:
        self._source: Source | None = source
        self._high = high
        self._chunks: list[bytes] = []

    def __repr__(self) -> str:
        state = "complete" if self._complete else "failed" if self._error else "arriving"
        return f"<Response {self.status} {state}, {self._buffered} bytes buffered>"

    @property
    def complete(self) -> bool:
        """Whether the last byte of the body has arrived (it may still be buffered here)."""
        return self._complete

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        """
        The bytes that have arrived since the last call. Raises the TransportError that cut the body short, if one did.
        """
        while not self._chunks:
            if self._complete:
                raise StopAsyncIteration
            await self.progress()
        return self.take()

    def take(self) -> bytes:
        """
        The bytes that have arrived and were not taken yet, without waiting; empty if there are none.

        After `complete` this is all that is left: a small answer needs no further await.
        """
        chunks = self._chunks
        data = chunks[0] if len(chunks) == 1 else b"".join(chunks)
        chunks.clear()
        self._buffered = 0
        if self._paused:
            self._paused = False
            if self._source is not None:
                self._source.resume()
        return data

    async def read(self, limit: int = 16 * 1024 * 1024) -> bytes:
        """
        The whole body; closes the response. Raises ResponseTooLarge above `limit` bytes, and the TransportError that
        cut it short, if one did.
        """
        if self._complete and self._buffered <= limit:
            return self.take()
        taken: list[bytes] = []
        size = 0
        try:
            async for chunk in self:
                size += len(chunk)
                if size > limit:
                    raise ResponseTooLarge(f"the response body is larger than {limit} bytes")
                taken.append(chunk)
        finally:
            self.close()
        return taken[0] if len(taken) == 1 else b"".join(taken)

    def close(self) -> None:
        """Done with it. Ends the connection if the body has not arrived completely, and does nothing otherwise."""
        if self.tunnel is not None:
            self.tunnel.close()
        if not self._complete and self._error is None:
            self._error = ResponseClosed()
            source, self._source = self._source, None
            if source is not None:
                source.abandon()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def progress(self) -> asyncio.Future[None]:
        """Done when more has arrived, be it the head, a piece or the end. Raises what ended the response."""
        if self._error is not None:
            raise self._error
        self._waiter = asyncio.get_running_loop().create_future()
        return self._waiter

    # -- for the connection

    def came_whole(self, status: int, headers: Sequence[tuple[bytes, bytes]], body: bytes) -> None:
        """Head and body have arrived at once: short for the three calls below."""
        self.status = status
        self.headers = headers
        if body:
            self._chunks.append(body)
            self._buffered = len(body)
        self._complete = True
        self._source = None
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def started(self, status: int, headers: Sequence[tuple[bytes, bytes]]) -> None:
        """The head has arrived."""
        self.status = status
        self.headers = headers
        self._wake()

    def arrived(self, chunk: bytes) -> None:
        """A piece of the body has arrived."""
        self._chunks.append(chunk)
        self._buffered += len(chunk)
        if self._buffered > self._high and not self._paused and self._source is not None:
            self._paused = True
            self._source.pause()
        if self._waiter is not None:
            self._wake()

    def finished(self) -> None:
        """The last byte has arrived; the connection may serve others from now on."""
        self._complete = True
        self._source = None
        if self._waiter is not None:
            self._wake()

    def failed(self, error: BaseException) -> None:
        """No more will arrive. What has arrived can still be read."""
        if not self._complete and self._error is None:
            self._error = error
            self._source = None
            self._wake()

    def _wake(self) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)
