"""
`python -m bench.upstream`: a function that costs as little as Python can, and keeps a ledger of what it was sent.

A body sent to `/` is `<stream> <number> <nanoseconds> <padding>`: numbers of a stream rise by one; the nanoseconds are
the producer's monotonic clock, or 0. `GET /ledger` tells what came, `GET /reset` forgets it, a GET that ends in
`/large` is answered with `LARGE` bytes, anything else is just answered; large bodies are thrown away as they come. It
writes its port to standard output and serves until it is ended.
"""

import asyncio
import json
import sys
import time
from typing import cast

from kubeless.core.lifecycle import run

_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"
LARGE = 100 * 2**20
_PIECE = b"\0" * 2**16
_THROW_AWAY = 2**18
_LENGTH = b"\r\ncontent-length: "


class Ledger:
    """What was received since the last reset."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._count = self._disordered = self._first = self._last = 0
        self._bodies: set[bytes] = set()
        self._newest: dict[bytes, int] = {}
        self._latencies: list[int] = []

    def take(self, body: bytes) -> None:
        now = self._last = time.monotonic_ns()
        if not self._count:
            self._first = now
        self._count += 1
        self._bodies.add(body)
        stream, text, sent, _ = body.split(b" ", 3)
        number = int(text)
        if number < self._newest.get(stream, -1):
            self._disordered += 1
        self._newest[stream] = number
        if sent != b"0":
            self._latencies.append(now - int(sent))

    def tell(self) -> bytes:
        answer = {
            "count": self._count,
            "distinct": len(self._bodies),
            "disordered": self._disordered,
            "seconds": (self._last - self._first) / 1e9,
            "latencies": [each / 1e9 for each in self._latencies],
        }
        return json.dumps(answer).encode()


class Connection(asyncio.Protocol):
    """Speaks enough HTTP for well-behaved clients; this is a yardstick, not a server."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._rest = b""
        self._to_skip = 0
        self._to_send = 0
        self._paused = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def resume_writing(self) -> None:
        self._paused = False
        self._send_large()

    def pause_writing(self) -> None:
        self._paused = True

    def _send_large(self) -> None:
        while self._to_send and not self._paused and not self._transport.is_closing():
            self._transport.write(_PIECE)
            self._to_send -= len(_PIECE)

    def _skip(self, data: bytes) -> bytes:
        """Throw away what belongs to a large body, and answer behind it. What is left."""
        taken = min(self._to_skip, len(data))
        self._to_skip -= taken
        if not self._to_skip:
            self._transport.write(_ANSWER)
        return data[taken:]

    def data_received(self, data: bytes) -> None:
        if self._to_skip:
            data = self._skip(data)
        if self._rest:
            data = self._rest + data
        while data:
            end = data.find(b"\r\n\r\n") + 4
            if end < 4:
                break
            length = _length(data[:end])
            if length > _THROW_AWAY:
                self._to_skip = length
                data = self._skip(data[end:])
                continue
            if len(data) < end + length:
                break
            self._transport.write(self._answer(data, data[end : end + length]))
            data = data[end + length :]
        self._rest = data

    def _answer(self, head: bytes, body: bytes) -> bytes:
        if head.startswith(b"POST / "):
            self._ledger.take(body)
        elif head.startswith(b"GET /ledger "):
            told = self._ledger.tell()
            return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(told) + told
        elif head.startswith(b"GET /reset "):
            self._ledger.reset()
        elif head.startswith(b"GET ") and b"/large " in head[:64]:
            self._to_send = LARGE
            asyncio.get_running_loop().call_soon(self._send_large)
            return b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: %d\r\n\r\n" % LARGE
        return _ANSWER


def _length(head: bytes) -> int:
    if head.startswith(b"GET "):
        return 0
    head = head.lower()
    at = head.find(_LENGTH)
    return int(head[at + len(_LENGTH) : head.index(b"\r", at + 2)]) if at >= 0 else 0


async def main() -> None:
    ledger = Ledger()
    server = await asyncio.get_running_loop().create_server(lambda: Connection(ledger), "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    run(main())
