"""A TCP line that a test can cut: what runs over it breaks, and nobody gets through until it is mended."""

import asyncio
from collections.abc import Callable
from typing import Self
from urllib.parse import urlsplit


class TcpLine:
    """Leads from a port of its own to the server at a URL; whole while entered, unless it was cut."""

    def __init__(self, url: str, *, whole: bool = True) -> None:
        target = urlsplit(url)
        self._host, self._target = target.hostname, target.port
        self._whole = whole
        self._deaf = False
        self._server: asyncio.Server | None = None
        self._ends: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.url = ""

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.url = "http://127.0.0.1:{1}".format(*self._server.sockets[0].getsockname())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def cut(self) -> None:
        """Break every connection, and refuse those that are tried."""
        self._whole = False
        for end in self._ends:
            end.transport.abort()

    def mend(self) -> None:
        """Let connections through from now on, and everything over them."""
        self._whole, self._deaf = True, False

    def deafen(self) -> None:
        """Swallow what clients send from now on; they do not notice, and still hear the server."""
        self._deaf = True

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._whole:
            writer.transport.abort()
            return
        there, back = await asyncio.open_connection(self._host, self._target)
        ends = {writer, back}
        self._ends |= ends
        pumps = {
            asyncio.create_task(_pump(reader, back, lambda: self._deaf)),
            asyncio.create_task(_pump(there, writer, lambda: False)),
        }
        self._tasks |= pumps
        await asyncio.wait(pumps)
        self._tasks -= pumps
        self._ends -= ends


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter, loses: Callable[[], bool]) -> None:
    try:
        while data := await source.read(65536):
            if not loses():
                sink.write(data)
                await sink.drain()
    except ConnectionError:
        pass
    finally:
        sink.close()
