"""
A client's connection after 101: bytes both ways, no faster than the other side takes them.
"""

import asyncio
from collections import deque
from typing import Self

from kubeless.gateway.http.wire import Wire
from kubeless.gateway.incoming import ClientGone


class ClientTunnel:
    """For one reader and one writer, which may be different tasks."""

    def __init__(self, wire: Wire, high: int) -> None:
        self._wire = wire
        self._high = high
        self._pieces: deque[bytes] = deque()
        self._size = 0
        self._ended = False
        self._lost = False
        self._waiter: asyncio.Future[None] | None = None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        while not self._pieces:
            if self._lost:
                raise ClientGone
            if self._ended:
                raise StopAsyncIteration
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        data = b"".join(self._pieces)
        self._pieces.clear()
        self._size = 0
        self._wire.resume_reading()
        return data

    async def write(self, data: bytes) -> None:
        """Send; waits while the client is slow. Raises ClientGone."""
        if self._lost:
            raise ClientGone
        self._wire.write(data)
        await self._wire.writable()

    def close(self) -> None:
        """End the connection; what was written still goes out."""
        self._wire.close()

    def arrived(self, data: bytes) -> None:
        """Bytes from the client."""
        self._pieces.append(data)
        self._size += len(data)
        if self._size > self._high:
            self._wire.pause_reading()
        self._wake()

    def ended(self) -> None:
        """The client ended its side."""
        self._ended = True
        self._wake()

    def lost(self) -> None:
        """The connection is gone."""
        self._lost = True
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
