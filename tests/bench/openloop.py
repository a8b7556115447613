"""
`python -m bench.openloop <port> <path> <connections> <requests per second> <seconds>`: GET on a fixed schedule.

A client that waits for answers before it asks again hides the waiting of those who would have come meanwhile
("coordinated omission"). Here each request has its moment, and its latency runs from then, whenever a connection is
free.

Writes `{"p50", "p99", "requests"}`, latencies in seconds, to standard output.
"""

import asyncio
import json
import statistics
import sys
import time
from collections import deque
from typing import cast

from kubeless.core.lifecycle import run


class Crowd:
    """Requests that are due, and connections that are free."""

    def __init__(self, request: bytes) -> None:
        self.request = request
        self.due: deque[float] = deque()
        self.free: list[Client] = []
        self.latencies: list[float] = []

    def match(self) -> None:
        """Send what is due on what is free."""
        while self.due and self.free:
            self.free.pop().ask(self.due.popleft())


class Client(asyncio.Protocol):
    """One connection."""

    def __init__(self, crowd: Crowd) -> None:
        self._crowd = crowd
        self._since = 0.0
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._crowd.free.append(self)

    def ask(self, since: float) -> None:
        self._since = since
        self._transport.write(self._crowd.request)

    def data_received(self, data: bytes) -> None:
        self._rest += data
        if not self._rest.endswith(b"\r\n\r\nok"):
            return
        self._rest = b""
        self._crowd.latencies.append(time.monotonic() - self._since)
        self._crowd.free.append(self)
        self._crowd.match()


async def main(port: int, path: str, connections: int, rate: float, seconds: float) -> None:
    loop = asyncio.get_running_loop()
    crowd = Crowd(f"GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n".encode())
    for _ in range(connections):
        await loop.create_connection(lambda: Client(crowd), "127.0.0.1", port)
    began, planned = time.monotonic(), 0
    while (now := time.monotonic()) < began + seconds:
        while planned / rate <= now - began:
            crowd.due.append(began + planned / rate)
            planned += 1
        crowd.match()
        await asyncio.sleep(0.0005)
    await asyncio.sleep(0.5)  # for the last answers
    cuts = statistics.quantiles(crowd.latencies, n=100)
    sys.stdout.write(json.dumps({"p50": cuts[49], "p99": cuts[98], "requests": len(crowd.latencies)}))


if __name__ == "__main__":
    run(main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), float(sys.argv[4]), float(sys.argv[5])))
