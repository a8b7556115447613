"""
A request body that is still coming.

Whoever iterates wants the body: only then is a client that waits for `100 Continue` told to send it. A reader that is
slow stops the client (backpressure).
"""

import asyncio
from collections import deque
from typing import Protocol, Self


class Source(Protocol):
    """The connection, as a body sees it."""

    def wanted(self) -> None:
        """Somebody asks for the body for the first time."""

    def pause_body(self) -> None:
        """Enough for now."""

    def resume_body(self) -> None:
        """Go on."""


class Body:
    """Pieces of one body; for one reader."""

    __slots__ = (
        "_begun",
        "_error",
        "_high",
        "_paused",
        "_pieces",
        "_size",
        "_source",
        "_waiter",
        "complete",
        "received",
    )

    def __init__(self, source: Source, high: int) -> None:
        self._source = source
        self._high = high
        self._pieces: deque[bytes] = deque()
        self._size = 0
        self._paused = False
        self._begun = False
        self._error: BaseException | None = None
        self._waiter: asyncio.Future[None] | None = None
        self.complete = False
        """Whether the last byte has arrived, read or not."""
        self.received = 0
        """Bytes that have arrived."""

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        """What has arrived since the last call. Raises what ended the body too early."""
        if not self._begun:
            self._begun = True
            self._source.wanted()
        while not self._pieces:
            if self.complete:
                raise StopAsyncIteration
            if self._error is not None:
                raise self._error
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        return self._take()

    def arrived(self, piece: bytes) -> None:
        """A piece came."""
        if self._error is not None:
            return
        self._pieces.append(piece)
        self._size += len(piece)
        self.received += len(piece)
        if self._size > self._high and not self._paused:
            self._paused = True
            self._source.pause_body()
        self._wake()

    def finished(self) -> None:
        """The last byte came."""
        self.complete = self._error is None
        self._wake()

    def failed(self, error: BaseException) -> None:
        """No more will come."""
        if not self.complete and self._error is None:
            self._error = error
            self._wake()

    def _take(self) -> bytes:
        pieces = self._pieces
        data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        pieces.clear()
        self._size = 0
        if self._paused:
            self._paused = False
            self._source.resume_body()
        return data

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
