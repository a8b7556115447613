"""
`python -m bench.load <port> <path> <connections> <seconds>`: GET over kept connections, one request at a time on each.

Writes `{"requests", "seconds", "failed"}` to standard output.
"""

import asyncio
import json
import sys
import time
from typing import cast

from kubeless.core.lifecycle import run


class Client(asyncio.Protocol):
    """One connection."""

    def __init__(self, request: bytes) -> None:
        self._request = request
        self._rest = b""
        self.answered = 0
        self.failed = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        data = self._rest + data if self._rest else data
        end = data.find(b"\r\n\r\n") + 4
        if end < 4 or len(data) < end + _length(data[:end].lower()):
            self._rest = data
            return
        self._rest = b""
        if data.startswith(b"HTTP/1.1 200 "):
            self.answered += 1
        else:
            self.failed += 1
        self._transport.write(self._request)

    def connection_lost(self, _: Exception | None) -> None:
        self.failed += 1

    def close(self) -> None:
        self._transport.abort()


def _length(head: bytes) -> int:
    at = head.index(b"content-length: ") + 16
    return int(head[at : head.index(b"\r", at)])


async def main(port: int, path: str, connections: int, seconds: float) -> None:
    loop = asyncio.get_running_loop()
    request = f"GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n".encode()
    pairs = [await loop.create_connection(lambda: Client(request), "127.0.0.1", port) for _ in range(connections)]
    clients = [client for _, client in pairs]
    before = sum(client.answered for client in clients)
    began = time.monotonic()
    await asyncio.sleep(seconds)
    took = time.monotonic() - began
    result = {
        "requests": sum(client.answered for client in clients) - before,
        "seconds": took,
        "failed": sum(client.failed for client in clients),
    }
    sys.stdout.write(json.dumps(result))
    for client in clients:
        client.close()


if __name__ == "__main__":
    run(main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), float(sys.argv[4])))
