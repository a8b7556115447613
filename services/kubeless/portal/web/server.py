"""
uvicorn as a part of a service: on a socket that is ours, without signal handlers of its own, and with an end.
"""

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import uvicorn
from starlette.types import ASGIApp

from kubeless.core.errors import KubelessError
from kubeless.core.ports import explain_bind_error

MAX_MESSAGE = 4 << 20
"""Bytes of one message of a browser; more than a function's code may have, with what JSON adds."""


# It tells the address of every WebSocket, which is nobody's business.
logging.getLogger("uvicorn.error").setLevel(logging.WARNING)


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the service's own business."""
        yield


class NotServing(KubelessError):
    """The web server did not start; its log says why."""


def listen(host: str, port: int, descriptor: int | None) -> socket.socket:
    """The socket to serve on: one that was passed, or a new one. Raises `PortTaken`."""
    if descriptor is not None:
        return socket.socket(fileno=descriptor)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise explain_bind_error(error, host=host, port=port, purpose="portal") from error
    listener.listen(128)
    return listener


@asynccontextmanager
async def serving(app: ASGIApp, listener: socket.socket, *, drain_timeout: float) -> AsyncIterator[None]:
    """Serve while entered; raises `NotServing`."""
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="websockets-sansio",
        ws_max_size=MAX_MESSAGE,
        timeout_graceful_shutdown=max(int(drain_timeout), 1),
        h11_max_incomplete_event_size=64 << 10,
    )
    server = _Server(config)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(server.serve(sockets=[listener]), name="portal web server")
        while not server.started:
            if task.done():
                raise NotServing
            await asyncio.sleep(0.005)
        try:
            yield
        finally:
            server.should_exit = True
