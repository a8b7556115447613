"""A client and a function that speak another protocol, such as WebSocket: bytes both ways until one of them ends."""

import asyncio
from contextlib import suppress

from kubeless.delivery.transport.errors import TransportError
from kubeless.delivery.transport.tunnel import Tunnel
from kubeless.gateway.incoming import ClientGone, Switched


async def tunnel(client: Switched, function: Tunnel) -> None:
    """
    Pass bytes on, each way no faster than the other side takes them.

    An end of the client's side is passed on and the function may finish; the end of the function's side ends both.
    """
    upwards = asyncio.create_task(_upwards(client, function))
    try:
        with suppress(ClientGone, TransportError):
            async for data in function:
                await client.write(data)
    finally:
        upwards.cancel()
        function.close()
        client.close()
        await asyncio.gather(upwards, return_exceptions=True)


async def _upwards(client: Switched, function: Tunnel) -> None:
    try:
        async for data in client:
            await function.write(data)
        function.write_eof()
    except (ClientGone, TransportError):
        function.close()
