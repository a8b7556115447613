"""
`kubectl exec` over a WebSocket: streams as messages whose first byte names the channel.

0 to 2 are the standard streams, 3 is the outcome as a `Status`, 4 the size of the terminal. Version 5 of the protocol
adds 255, followed by the number of a channel that ends. SPDY, which kubectl spoke before 1.30, is not served.
https://github.com/kubernetes/enhancements/tree/master/keps/sig-api-machinery/4006-transition-spdy-to-websockets
"""

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable

from aiohttp import WSMsgType, web

from kubeless.core.jsontypes import JsonObject
from kubeless.local.apiserver.execution import ExecSession
from kubeless.local.apiserver.status import bad_request

PROTOCOLS = ("v5.channel.k8s.io", "v4.channel.k8s.io")
_STDIN, _STDOUT, _STDERR, _ERROR, _RESIZE, _CLOSE = 0, 1, 2, 3, 4, 255
_LONGEST_MESSAGE = 1 << 20
_SLOWEST_GOODBYE = 5.0
_LARGEST_SIDE = 0xFFFF


def websocket(request: web.Request) -> web.WebSocketResponse:
    """
    The WebSocket that a client asks for, not prepared yet.

    Raises:
        ApiError: 400, it asks for another protocol; the message says what to do.
    """
    offered = {
        word.strip() for value in request.headers.getall("Sec-WebSocket-Protocol", ()) for word in value.split(",")
    }
    if request.headers.get("Upgrade", "").lower() != "websocket" or not offered & set(PROTOCOLS):
        raise bad_request(
            f"exec: local mode speaks WebSocket ({', '.join(PROTOCOLS)}) and no SPDY: use kubectl 1.30 or newer, "
            "or set KUBECTL_REMOTE_COMMAND_WEBSOCKETS=true for kubectl 1.29"
        )
    return web.WebSocketResponse(
        protocols=PROTOCOLS, compress=False, max_msg_size=_LONGEST_MESSAGE, timeout=_SLOWEST_GOODBYE
    )


async def connect(socket: web.WebSocketResponse, session: ExecSession) -> int | None:
    """
    Carry bytes both ways until the command ends or the client leaves.

    Returns:
        The command's exit code; None if the client left before.
    """
    ended = asyncio.create_task(_outputs(socket, session))
    left = asyncio.create_task(_inputs(socket, session))
    try:
        await asyncio.wait({ended, left}, return_when=asyncio.FIRST_COMPLETED)
        if not ended.done():
            return None
        code = ended.result()
        await socket.send_bytes(bytes([_ERROR]) + json.dumps(outcome(code)).encode())
    except ConnectionError:
        return None
    finally:
        await _cancelled(ended, left)
    await socket.close()
    return code


def outcome(code: int) -> JsonObject:
    """The `Status` that tells how a command ended."""
    if code == 0:
        return {"metadata": {}, "status": "Success"}
    return {
        "metadata": {},
        "status": "Failure",
        "reason": "NonZeroExitCode",
        "message": f"command terminated with non-zero exit code: {code}",
        "details": {"causes": [{"reason": "ExitCode", "message": str(code)}]},
    }


async def _outputs(socket: web.WebSocketResponse, session: ExecSession) -> int:
    async def pump(channel: int, read: Callable[[], Awaitable[bytes]]) -> None:
        while data := await read():
            await socket.send_bytes(bytes([channel]) + data)

    pumps = [
        asyncio.create_task(pump(_STDOUT, session.read_stdout)),
        asyncio.create_task(pump(_STDERR, session.read_stderr)),
    ]
    try:
        await asyncio.gather(*pumps)
        return await session.wait()
    finally:
        await _cancelled(*pumps)


async def _inputs(socket: web.WebSocketResponse, session: ExecSession) -> None:
    """Take what the client sends; returns when it has left or breaks the protocol."""
    while True:
        message = await socket.receive()
        if message.type is not WSMsgType.BINARY:
            if message.type is WSMsgType.TEXT and not message.data:
                continue
            return
        if message.data:
            await _take(message.data[0], message.data[1:], socket, session)


async def _take(channel: int, data: bytes, socket: web.WebSocketResponse, session: ExecSession) -> None:
    if channel == _STDIN and data:
        await session.write_stdin(data)
    elif channel == _CLOSE and data == bytes([_STDIN]) and socket.ws_protocol == PROTOCOLS[0]:
        session.close_stdin()
    elif channel == _RESIZE:
        size = _size(data)
        if size is not None:
            session.resize(*size)


def _size(data: bytes) -> tuple[int, int] | None:
    """Columns and rows of `{"Width": .., "Height": ..}`; None if it is no such thing."""
    try:
        value = json.loads(data)
        sides = int(value["Width"]), int(value["Height"])
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return None
    return sides if all(0 < side <= _LARGEST_SIDE for side in sides) else None


async def _cancelled(*tasks: asyncio.Task[int] | asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    for task in tasks:
        with contextlib.suppress(asyncio.CancelledError, ConnectionError):
            await task
