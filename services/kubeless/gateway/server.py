"""The gateway's HTTP server, with the settings of the gateway; see `kubeless.gateway.http`."""

import asyncio
import ssl
from collections.abc import Callable
from types import TracebackType
from typing import Self

from kubeless.gateway.http.limits import Limits
from kubeless.gateway.http.listener import Listener
from kubeless.gateway.http.problem import BadRequest
from kubeless.gateway.incoming import Expressway, Handler

FAREWELL = 1.0
"""Seconds that idle connections are kept when the gateway stops."""


class Server:
    """Listens while entered. What a handler returns is cancelled when its client goes away."""

    def __init__(
        self,
        handler: Handler,
        *,
        host: str,
        port: int,
        limits: Limits | None = None,
        tls: ssl.SSLContext | None = None,
        shared: bool = False,
        on_refused: Callable[[BadRequest, str], None] | None = None,
        expressway: Expressway | None = None,
    ) -> None:
        """
        `port` 0 takes a free one, see `self.port` once entered. `shared`: with other processes on the same port.
        `on_refused` is told of what was no request, and of the address it came from. `expressway`
        takes requests that the handler then does not see.
        """
        self._listener = Listener(
            handler,
            host=host,
            port=port,
            limits=limits,
            tls=tls,
            shared=shared,
            on_refused=on_refused,
            expressway=expressway,
        )

    @property
    def port(self) -> int:
        """The port that is listened on."""
        return self._listener.port

    async def __aenter__(self) -> Self:
        """
        Start to listen.

        Raises:
            PortTaken: something else listens on the port; the message names it where the system tells.
        """
        await self._listener.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End every connection, cancelling handlers that still run."""
        await self._listener.__aexit__(kind, error, traceback)

    async def stop_intake(self) -> None:
        """
        Accept no more connections; requests under way go on, and each answer is the last of its connection.

        A connection that is idle may have a request on its way, which nobody could repeat for the client. So it is kept
        for another moment: clients that keep asking are told with their next answer to ask elsewhere.
        """
        self._listener.shut()
        if self._listener.connections:
            await asyncio.sleep(FAREWELL)
        self._listener.stop_intake()
