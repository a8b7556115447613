"""
`python -m bench.plainproxy <port of the function>`: a reverse proxy as people write it with aiohttp in an afternoon.

It streams both ways and does nothing else. It writes its port to standard output and serves until it is ended.
"""

import asyncio
import sys

import aiohttp
from aiohttp import web

from kubeless.core.lifecycle import run

_HOP_BY_HOP = frozenset({"Connection", "Keep-Alive", "Transfer-Encoding", "Upgrade", "Host", "Content-Length"})


async def main(upstream: int) -> None:
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, auto_decompress=False) as session:

        async def forward(request: web.BaseRequest) -> web.StreamResponse:
            headers = {name: value for name, value in request.headers.items() if name not in _HOP_BY_HOP}
            body = request.content if request.body_exists else None
            if request.content_length is not None:
                headers["Content-Length"] = str(request.content_length)
            url = f"http://127.0.0.1:{upstream}{request.path_qs}"
            async with session.request(request.method, url, headers=headers, data=body) as answer:
                response = web.StreamResponse(status=answer.status, headers={"Content-Type": answer.content_type})
                response.content_length = answer.content_length
                await response.prepare(request)
                async for piece in answer.content.iter_any():
                    await response.write(piece)
                await response.write_eof()
                return response

        runner = web.ServerRunner(web.Server(forward))
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        sys.stdout.write(f"{runner.addresses[0][1]}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    run(main(int(sys.argv[1])))
