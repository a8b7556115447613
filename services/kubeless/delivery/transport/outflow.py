"""What leaves through a socket, no faster than the endpoint takes it."""

import asyncio

from kubeless.delivery.transport.errors import ConnectionLost


class Outflow:
    """The writing side of one connection; for one writer at a time."""

    __slots__ = ("_paused", "_transport", "_waiter")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._paused = False
        self._waiter: asyncio.Future[None] | None = None

    @property
    def waiting(self) -> int:
        """Bytes that the endpoint has not taken yet."""
        return self._transport.get_write_buffer_size()

    async def send(self, *parts: bytes) -> None:
        """Write, and wait while too much is waiting. Raises ConnectionLost when the connection has gone."""
        if self._transport.is_closing():
            raise ConnectionLost
        self._transport.writelines(parts)
        while self._paused:
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
            if self._transport.is_closing():
                raise ConnectionLost

    def pause(self) -> None:
        """The event loop has enough of our bytes."""
        self._paused = True

    def resume(self) -> None:
        """It takes more, or, the connection being gone, will never do."""
        self._paused = False
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
