"""
A response: its head at once, its body as it arrives.

The body is handed on in the pieces the endpoint sent. A reader that is slow stops the connection from reading
(backpressure); a response that is not read to its end must be closed, which ends its connection: `async with` does so.
"""

import asyncio
from collections import deque
from types import TracebackType
from typing import Protocol, Self

from kubeless.delivery.transport.errors import ResponseClosed, ResponseTooLarge


class Source(Protocol):
    """What a response asks of the connection it arrives on."""

    def pause(self) -> None:
        """Take no more bytes from the endpoint for now."""

    def resume(self) -> None:
        """Go on taking bytes."""

    def abandon(self) -> None:
        """Nobody waits for the rest: end the connection."""


class Response:
    """One response; for one reader."""

    __slots__ = (
        "_buffered",
        "_chunks",
        "_complete",
        "_error",
        "_high",
        "_paused",
        "_source",
        "_waiter",
        "headers",
        "status",
    )

    def __init__(self, source: Source, high: int) -> None:
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        """As sent by the endpoint, hop-by-hop ones included."""
        self._source: Source | None = source
        self._high = high
        self._chunks: deque[bytes] = deque()
        self._buffered = 0
        self._paused = False
        self._complete = False
        self._error: BaseException | None = None
        self._waiter: asyncio.Future[None] | None = None

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
            await self._arrival()
        return self._take()

    async def read(self, limit: int = 16 * 1024 * 1024) -> bytes:
        """
        The whole body. Raises ResponseTooLarge above `limit` bytes, and the TransportError that cut it short, if one
        did.
        """
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

    async def wait_head(self) -> None:
        """Return once status and headers are there. For the connection."""
        while not self.status:
            await self._arrival()

    def started(self, status: int, headers: list[tuple[bytes, bytes]]) -> None:
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
        self._wake()

    def finished(self) -> None:
        """The last byte has arrived; the connection may serve others from now on."""
        self._complete = True
        self._source = None
        self._wake()

    def failed(self, error: BaseException) -> None:
        """No more will arrive. What has arrived can still be read."""
        if not self._complete and self._error is None:
            self._error = error
            self._source = None
            self._wake()

    def _take(self) -> bytes:
        chunks = self._chunks
        data = chunks[0] if len(chunks) == 1 else b"".join(chunks)
        chunks.clear()
        self._buffered = 0
        if self._paused:
            self._paused = False
            if self._source is not None:
                self._source.resume()
        return data

    async def _arrival(self) -> None:
        if self._error is not None:
            raise self._error
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
