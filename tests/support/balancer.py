"""What a Service is in a cluster: an address whose new connections go to one of several endpoints, each in turn."""

import asyncio
from typing import Self


class Balancer:
    """Listens on a port of its own while entered. Connections stay with the endpoint they began at."""

    def __init__(self, *ports: int) -> None:
        self.ports = list(ports)
        """Where the endpoints listen on 127.0.0.1; may be changed at any time."""
        self.url = ""
        self._turn = 0
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.url = "http://127.0.0.1:{1}".format(*self._server.sockets[0].getsockname())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._turn += 1
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self.ports[self._turn % len(self.ports)])
        except OSError:
            writer.transport.abort()
            return
        pumps = {asyncio.create_task(_pump(reader, back)), asyncio.create_task(_pump(there, writer))}
        self._tasks |= pumps
        await asyncio.wait(pumps)
        self._tasks -= pumps


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    try:
        while data := await source.read(65536):
            sink.write(data)
            await sink.drain()
    except ConnectionError:
        pass
    finally:
        sink.close()
