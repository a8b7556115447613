"""Clients that never stop asking, in a thread of their own, and a count of what they were told."""

import asyncio
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass
class SteadyLoad:
    """`POST` requests, which nobody may repeat, on keep-alive connections; `answers` counts statuses or what failed."""

    address: str
    path: str
    clients: int = 16
    answers: Counter[str] = field(default_factory=Counter)
    bodies: Counter[bytes] = field(default_factory=Counter)
    _stop: threading.Event = field(default_factory=threading.Event)

    @property
    def total(self) -> int:
        """Requests that have been answered or have failed."""
        return self.answers.total()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Ask while entered; on leaving, wait for the answers that are still to come."""
        with ThreadPoolExecutor(1) as pool:
            load = pool.submit(asyncio.run, self._run())
            try:
                yield
            finally:
                self._stop.set()
                load.result(60)

    async def _run(self) -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(self.clients):
                group.create_task(self._ask())

    async def _ask(self) -> None:
        while not self._stop.is_set():
            url = urlsplit(self.address)
            try:
                reader, writer = await asyncio.open_connection(url.hostname, url.port)
            except OSError as error:
                self.answers[f"no connection: {error}"] += 1
                continue
            try:
                await self._converse(reader, writer)
            except (OSError, asyncio.IncompleteReadError) as error:
                self.answers[f"broken: {error!r}"] += 1
            finally:
                writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Requests on one connection until the gateway ends it after an answer."""
        host = urlsplit(self.address).netloc
        request = f"POST {self.path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 2\r\n\r\nhi".encode()
        while not self._stop.is_set():
            writer.write(request)
            async with asyncio.timeout(30):
                head = await reader.readuntil(b"\r\n\r\n")
                body = await reader.readexactly(_length(head))
            self.answers[head[9:12].decode()] += 1
            self.bodies[body[:100]] += 1
            if b"connection: close" in head.lower():
                return


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    raise AssertionError(f"an answer without a length: {head!r}")
