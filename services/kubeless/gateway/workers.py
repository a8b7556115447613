"""
Several processes on one port: started, watched, restarted, stopped, and seen from outside as one gateway.

The parent answers no requests. It holds the ports, restarts a worker that ends, ever more slowly if it keeps ending,
kills one that no longer answers, and serves the admin port: ready while all workers are, with the sum of what they have
counted. If the parent is killed, its workers see the end of their sockets and stop.
"""

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import structlog
from prometheus_client import CollectorRegistry

from kubeless.core.backoff import Backoff
from kubeless.core.errors import KubelessError
from kubeless.core.health import AdminServer, Readiness
from kubeless.gateway.child import Child
from kubeless.gateway.frames import Link
from kubeless.gateway.reserve import reserved
from kubeless.gateway.settings import Settings
from kubeless.gateway.tally import Tally

log = structlog.get_logger(__name__)

_STARTED_WELL = 30.0
"""Seconds after which the end of a worker is not the fault of its start."""

_GRACE = 2.0
"""Seconds that a worker gets to end beyond its drain timeout."""

_ENDED_BY_ERROR = 1
"""The exit code of a service that a person must mend, see `kubeless.core.lifecycle`."""


class WorkerFailed(KubelessError):
    """The workers cannot start."""


class Workers:
    """Runs them while `running`."""

    def __init__(self, count: int, environment: Mapping[str, str], *, readiness: Readiness, tally: Tally) -> None:
        """`environment` is what the workers are configured by."""
        self._children = [Child(number) for number in range(count)]
        self._environment = environment
        self._readiness = readiness
        self._tally = tally
        self._stopping = False
        self._were_ready = False
        tally.children = self._children

    def __repr__(self) -> str:
        return f"<Workers {sum(child.ready for child in self._children)} of {len(self._children)} ready>"

    @asynccontextmanager
    async def running(self, *, drain_timeout: float) -> AsyncIterator[None]:
        """Keep them running while entered; stop them on leaving, killing those that take longer than they may."""
        async with asyncio.TaskGroup() as group:
            tasks = {group.create_task(self._keep(child), name=f"worker {child.number}") for child in self._children}
            try:
                yield
            finally:
                await self._stop(tasks, drain_timeout + _GRACE)

    async def _stop(self, tasks: set["asyncio.Task[None]"], timeout: float) -> None:
        self._stopping = True
        self._readiness.ready = False
        for child in self._children:
            child.terminate()
        _, late = await asyncio.wait(tasks, timeout=timeout)
        if late:
            log.warning("workers are killed", count=len(late), timeout=timeout)
        for task in late:
            task.cancel()

    async def _keep(self, child: Child) -> None:
        backoff = Backoff(maximum=10.0)
        loop = asyncio.get_running_loop()
        while not self._stopping:
            begun = loop.time()
            code = await self._live(child)
            if self._stopping:
                return
            if code == _ENDED_BY_ERROR and not self._were_ready:
                raise WorkerFailed("a worker cannot start; its last log line says why")
            self._tally.restarts += 1
            if loop.time() - begun > _STARTED_WELL:
                backoff.reset()
            pause = backoff.next()
            log.warning("a worker ended", worker=child.number, code=code, restart_in=round(pause, 3))
            await child.sleep(pause)

    async def _live(self, child: Child) -> int:
        """From start to end of one process; its exit code."""
        ours, theirs = socket.socketpair()
        with theirs:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "kubeless.gateway.worker", str(theirs.fileno()), str(child.number)),
                env=self._environment,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,  # Ctrl-C in a terminal is for the parent, who tells the workers
            )
        link = await Link.over(ours)
        try:
            async with child.living(process, link, changed=self._changed, forget=self._tally.forget):
                if self._stopping:
                    child.terminate()
                return await process.wait()
        finally:
            link.close()
            if process.returncode is None:
                process.kill()
                await process.wait()
            self._tally.ended(child)
            self._changed()

    def _changed(self) -> None:
        ready = not self._stopping and all(child.ready for child in self._children)
        if ready and not self._were_ready:
            self._were_ready = True
            log.info("gateway is ready", workers=len(self._children))
        self._readiness.ready = ready


@asynccontextmanager
async def serve(settings: Settings) -> AsyncIterator[int]:
    """
    Run the gateway in several processes while entered; yields the admin port.

    Raises SettingError for settings that cannot work, PortTaken for a port in use.
    """
    registry = CollectorRegistry()
    tally = Tally(asyncio.get_running_loop())
    registry.register(tally)
    with reserved(settings.host, settings.port) as port, reserved(settings.host, settings.tls_port) as tls_port:
        async with AdminServer(settings.admin_host, settings.admin_port, registry) as admin:
            environment = {**os.environ, "GATEWAY_PORT": str(port), "GATEWAY_TLS_PORT": str(tls_port)}
            workers = Workers(settings.workers, environment, readiness=admin, tally=tally)
            log.info("workers start", count=settings.workers, port=port, tls_port=tls_port, admin_port=admin.port)
            async with workers.running(drain_timeout=settings.drain_timeout):
                yield admin.port
