"""
`python -m bench.bulk upload|download <port> <path> <bytes>`: one large body through a proxy, in pieces.

Writes `{"seconds"}` to standard output.
"""

import asyncio
import json
import sys
import time

from kubeless.core.lifecycle import run

_PIECE = b"\0" * 2**16


async def main(way: str, port: int, path: str, size: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    began = time.monotonic()
    method, length = ("POST", size) if way == "upload" else ("GET", 0)
    writer.write(f"{method} {path} HTTP/1.1\r\nHost: bench\r\nContent-Length: {length}\r\n\r\n".encode())
    for _ in range(length // len(_PIECE)):
        writer.write(_PIECE)
        await writer.drain()
    head = await reader.readuntil(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200 "):
        raise SystemExit(f"not answered with 200 but {head!r}")
    left = size if way == "download" else 0
    while left:
        piece = await reader.read(2**18)
        if not piece:
            raise SystemExit(f"{left} bytes are missing")
        left -= len(piece)
    sys.stdout.write(json.dumps({"seconds": time.monotonic() - began}))
    writer.close()


if __name__ == "__main__":
    run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])))
