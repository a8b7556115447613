"""Endpoints whose every byte a test decides."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from kubeless.routing.endpoints import Endpoint

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Upstream:
    """A server whose every byte the test decides; it counts connections and their ends."""

    def __init__(self, serve: Serve) -> None:
        self._serve = serve
        self.accepted = 0
        self.closed = 0
        self.changed = asyncio.Condition()
        self.tasks: set[asyncio.Task[None]] = set()

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        self.accepted += 1
        try:
            await self._serve(reader, writer)
            await reader.read()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            self.tasks.discard(task)
            self.closed += 1
            async with self.changed:
                self.changed.notify_all()

    async def wait_closed(self, count: int) -> None:
        async with asyncio.timeout(5), self.changed:
            await self.changed.wait_for(lambda: self.closed >= count)


@asynccontextmanager
async def upstream(serve: Serve) -> AsyncIterator[tuple[Upstream, Endpoint]]:
    server = Upstream(serve)
    listener = await asyncio.start_server(server.connected, "127.0.0.1", 0)
    try:
        host, port = listener.sockets[0].getsockname()
        yield server, Endpoint(host, port)
    finally:
        listener.close()
        for task in list(server.tasks):
            task.cancel()
        await asyncio.gather(*server.tasks, return_exceptions=True)


async def read_head(reader: asyncio.StreamReader) -> bytes:
    return await reader.readuntil(b"\r\n\r\n")


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - the state of a transport has no event for tests
            await asyncio.sleep(0.001)
