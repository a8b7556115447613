"""
`python -m bench.clients transport|aiohttp <port> <in flight> <seconds>`: POST 200 bytes over and over.

Writes `{"requests", "seconds", "cpu"}` to standard output.
"""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import aiohttp

from kubeless.core.lifecycle import run
from kubeless.delivery.transport.request import Request
from kubeless.delivery.transport.timeouts import Timeouts
from kubeless.delivery.transport.transport import Transport
from kubeless.routing.endpoints import Endpoint

BODY = b"x" * 200
Post = Callable[[], Awaitable[int]]


@asynccontextmanager
async def with_transport(port: int) -> AsyncIterator[Post]:
    request = Request("POST", b"/sink", ((b"Content-Type", b"text/plain"),), BODY)
    endpoints, timeouts = (Endpoint("127.0.0.1", port),), Timeouts(total=30.0)
    async with Transport() as transport:

        async def post() -> int:
            response = await transport.send(request, endpoints, timeouts)
            await response.read()
            return response.status

        yield post


@asynccontextmanager
async def with_aiohttp(port: int) -> AsyncIterator[Post]:
    url = f"http://127.0.0.1:{port}/sink"
    headers = {"Content-Type": "text/plain"}
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30.0)) as session:

        async def post() -> int:
            async with session.post(url, data=BODY, headers=headers) as response:
                await response.read()
                return response.status

        yield post


async def _repeat(post: Post, until: float) -> int:
    done = 0
    while time.monotonic() < until:
        if await post() != 200:
            raise SystemExit("the upstream did not answer 200")
        done += 1
    return done


async def main(kind: str, port: int, in_flight: int, seconds: float) -> None:
    async with (with_transport if kind == "transport" else with_aiohttp)(port) as post:
        await asyncio.gather(*(post() for _ in range(in_flight)))
        began, cpu = time.monotonic(), time.process_time()
        counts = await asyncio.gather(*(_repeat(post, began + seconds) for _ in range(in_flight)))
        result = {"requests": sum(counts), "seconds": time.monotonic() - began, "cpu": time.process_time() - cpu}
    sys.stdout.write(json.dumps(result))


if __name__ == "__main__":
    run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])))
