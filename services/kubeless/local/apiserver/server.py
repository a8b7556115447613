"""
The embedded API server: a Kubernetes API on a loopback address, for local mode and for tests.

It promises that clients which work with a real cluster work with it: kubectl, our own services, other people's
operators. What it does not have (users, admission webhooks, aggregation) no request can tell from a cluster that allows
everything. State lies in one SQLite file, or in memory alone.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import structlog
from aiohttp import web

from kubeless.core.ports import explain_bind_error
from kubeless.local.apiserver.answers import error_answer
from kubeless.local.apiserver.bodies import MAX_BODY
from kubeless.local.apiserver.bootstrap import bootstrap
from kubeless.local.apiserver.cluster import Cluster
from kubeless.local.apiserver.controllers.definitions import DefinitionController
from kubeless.local.apiserver.controllers.events import expire_events
from kubeless.local.apiserver.controllers.garbage import GarbageCollector
from kubeless.local.apiserver.controllers.namespaces import NamespaceController
from kubeless.local.apiserver.execution import ExecSource
from kubeless.local.apiserver.logs import LogSource
from kubeless.local.apiserver.measurements import MEASURED, MetricsSource
from kubeless.local.apiserver.nonresource import NonResource
from kubeless.local.apiserver.proxy import client_session
from kubeless.local.apiserver.registry import Registry
from kubeless.local.apiserver.rest.dispatch import Dispatcher, Sources
from kubeless.local.apiserver.security import check_origin
from kubeless.local.apiserver.status import ApiError, bad_request, internal
from kubeless.local.apiserver.storage.database import DatabaseError
from kubeless.local.apiserver.storage.store import open_store

log = structlog.get_logger(__name__)

_SHUTDOWN_TIMEOUT = 1.0
"""Seconds for requests in flight; watches end at once."""

_LONGEST_LINE = 128 * 1024
"""Bytes of a request's first line, which holds the selectors, and of a header; clients expect far more than 8 KiB."""


class ApiServer:
    """Serves while entered."""

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        database: Path | None = None,
        logs: LogSource | None = None,
        commands: ExecSource | None = None,
    ) -> None:
        """
        Args:
            host: a loopback address; whoever reaches it may do everything.
            port: 0 takes a free one, see `port` once entered.
            database: the state file; None keeps everything in memory.
            logs: where pods' logs are read; may be set later as `self.logs`.
            commands: who runs commands in pods; may be set later as `self.commands`.
        """
        self.logs = logs
        self.commands = commands
        self._host = host
        self._port = port
        self._database = database
        self._metrics: MetricsSource | None = None
        self._registry: Registry | None = None
        self._stack = AsyncExitStack()

    def serve_metrics(self, source: MetricsSource) -> None:
        """From now on serve `metrics.k8s.io`; the server must be entered."""
        if self._registry is None:
            raise RuntimeError("the API server does not run")
        if self._metrics is None:
            self._registry.add(MEASURED)
        self._metrics = source

    @property
    def port(self) -> int:
        return self._port

    @property
    def url(self) -> str:
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}"

    async def __aenter__(self) -> Self:
        """
        Open the state, and listen.

        Raises:
            DatabaseError: the state file cannot be used.
            PortTaken: something else listens on the port; the message names it where the system tells.
        """
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._serving())
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Not by way of the stack's own exit: the task group in it would wrap what the caller's block has raised.
        await self._stack.aclose()

    @asynccontextmanager
    async def _serving(self) -> AsyncIterator[None]:
        async with open_store(self._database) as store, client_session() as session:
            cluster = Cluster(store, Registry(store))
            self._registry = cluster.registry
            bootstrap(cluster)
            controllers = (GarbageCollector(cluster), NamespaceController(cluster), DefinitionController(cluster))
            sources = Sources(logs=lambda: self.logs, metrics=lambda: self._metrics, commands=lambda: self.commands)
            front = _Front(NonResource(cluster.registry), Dispatcher(cluster, sources, session))
            runner = await self._listen(front)
            try:
                async with asyncio.TaskGroup() as tasks:
                    owned = [tasks.create_task(controller.run()) for controller in controllers]
                    owned.append(tasks.create_task(expire_events(cluster)))
                    yield
                    for task in owned:
                        task.cancel()
            finally:
                store.close_histories()
                await runner.cleanup()

    async def _listen(self, front: "_Front") -> web.AppRunner:
        application = web.Application(client_max_size=MAX_BODY)
        application.router.add_route("*", "/{path:.*}", front.handle)
        runner = web.AppRunner(
            application,
            access_log=None,
            handle_signals=False,
            max_line_size=_LONGEST_LINE,
            max_field_size=_LONGEST_LINE,
            handler_cancellation=True,  # a watch must end when its client goes, even if nothing ever happens
            shutdown_timeout=_SHUTDOWN_TIMEOUT,
        )
        await runner.setup()
        try:
            await web.TCPSite(runner, self._host, self._port, backlog=1024).start()
        except OSError as error:
            await runner.cleanup()
            raise explain_bind_error(error, host=self._host, port=self._port, purpose="API server") from error
        self._port = runner.addresses[0][1]
        return runner


class _Front:
    """The first to see a request: is it allowed, what is it about, and whatever goes wrong becomes a Status."""

    def __init__(self, nonresource: NonResource, dispatcher: Dispatcher) -> None:
        self._nonresource = nonresource
        self._dispatcher = dispatcher

    async def handle(self, request: web.Request) -> web.StreamResponse:
        try:
            return await self._respond(request)
        except ApiError as error:
            return error_answer(error)
        except DatabaseError as error:
            return error_answer(internal(str(error)))
        except RecursionError:
            return error_answer(bad_request("the object is nested too deeply"))
        except (ConnectionError, web.HTTPException):
            raise
        except Exception:
            log.exception("request failed unexpectedly", method=request.method, path=request.path)
            return error_answer(internal("the server failed unexpectedly, see its log"))

    async def _respond(self, request: web.Request) -> web.StreamResponse:
        check_origin(request)
        segments = request.raw_path.partition("?")[0].strip("/").split("/")
        if self._nonresource.answers(segments):
            return self._nonresource.respond(request, segments)
        return await self._dispatcher.respond(request)
