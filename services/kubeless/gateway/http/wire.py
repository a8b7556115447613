"""A client's socket: bytes out, no faster than the client takes them, and bytes in, as long as they are wanted."""

import asyncio

from kubeless.gateway.incoming import ClientGone


class Wire:
    """Of one connection, which tells what the event loop told it."""

    __slots__ = ("_reading", "_transport", "_waiter", "full", "gone", "write")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._reading = True
        self._waiter: asyncio.Future[None] | None = None
        self.write = transport.write
        self.full = False
        """Whether the client has not taken what was written, and more would only be held here."""
        self.gone = False
        """Whether writing is of no use any more."""

    @property
    def reading(self) -> bool:
        """Whether what the client sends is taken."""
        return self._reading

    def fill(self) -> None:
        """The event loop holds as much as it should."""
        self.full = True

    def drain(self) -> None:
        """The client has taken what was held."""
        self.full = False
        self._wake()

    def end(self) -> None:
        """The client has gone, or is let go."""
        self.gone = True
        self._wake()

    async def writable(self) -> None:
        """Wait while the client is slow; for one writer. Raises ClientGone."""
        while self.full and not self.gone:
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        if self.gone:
            raise ClientGone

    def pause_reading(self) -> None:
        """Take no more for now."""
        if self._reading:
            self._reading = False
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Take more."""
        if not self._reading:
            self._reading = True
            self._transport.resume_reading()

    def finish(self) -> None:
        """Nothing more will be written."""
        if self._transport.can_write_eof():
            self._transport.write_eof()

    def close(self) -> None:
        """End the connection; what was written still goes out."""
        self._transport.close()

    def abort(self) -> None:
        """End the connection at once."""
        self._transport.abort()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
