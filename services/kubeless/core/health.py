"""
The admin port of a service: is it alive, is it ready, what has it counted.

`/healthz` answers as soon as the process runs its loop. `/readyz` answers 200 only while the service takes events: a
service turns it off first when it stops, so that nothing new is sent its way. `/metrics` is the Prometheus text format.
"""

import asyncio
from collections.abc import Iterable
from types import TracebackType
from typing import Protocol, Self

from aiohttp import web
from prometheus_client import CollectorRegistry, disable_created_metrics
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from kubeless.core.ports import explain_bind_error

# When each series began doubles their number, and nobody asks for it.
disable_created_metrics()  # type: ignore[no-untyped-call]


class Readiness(Protocol):
    """Where a service says whether it takes events."""

    ready: bool


class AdminServer:
    """Serves while entered. `ready` starts as False and is set by the service."""

    def __init__(
        self, host: str, port: int, registry: CollectorRegistry, *, routes: Iterable[web.RouteDef] = ()
    ) -> None:
        """`port` 0 takes a free one, see `self.port` once entered. `routes` are further admin operations."""
        self.ready = False
        self._host = host
        self._port = port
        self._registry = registry
        application = web.Application()
        application.add_routes(
            [
                web.get("/healthz", self._healthz),
                web.get("/readyz", self._readyz),
                web.get("/metrics", self._metrics),
                *routes,
            ]
        )
        self._runner = web.AppRunner(application, access_log=None, handle_signals=False, shutdown_timeout=1.0)

    @property
    def port(self) -> int:
        """The port that is listened on."""
        return self._port

    async def __aenter__(self) -> Self:
        """
        Start to listen.

        Raises:
            PortTaken: something else listens on the port; the message names it where the system tells.
        """
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._host, self._port).start()
        except OSError as error:
            await self._runner.cleanup()
            raise explain_bind_error(error, host=self._host, port=self._port, purpose="admin port") from error
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.ready = False
        await self._runner.cleanup()

    async def _healthz(self, _: web.Request) -> web.Response:
        return web.Response(text="OK")

    async def _readyz(self, _: web.Request) -> web.Response:
        return web.Response(text="OK") if self.ready else web.Response(status=503, text="not ready")

    async def _metrics(self, _: web.Request) -> web.Response:
        # Rendering takes milliseconds per thousand series: events on the loop must not wait for it.
        body = await asyncio.to_thread(generate_latest, self._registry)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4})
