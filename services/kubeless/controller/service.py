"""
The controller as a service: Functions become what runs them, HTTPTriggers become Ingresses where they ask for it.

Any number of replicas may run. All of them keep their caches current; the one that holds the lease acts.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import structlog

from kubeless.api.resource import FUNCTIONS, HTTP_TRIGGERS
from kubeless.controller.caches import Caches
from kubeless.controller.configwatch import ConfigWatch, find_location
from kubeless.controller.ingresses import IngressReconciler
from kubeless.controller.metrics import Metrics
from kubeless.controller.reconcile import FunctionReconciler
from kubeless.controller.settings import Settings
from kubeless.core.health import AdminServer
from kubeless.core.workqueue import WorkQueue
from kubeless.kube.cache import ObjectKey
from kubeless.kube.client import KubeClient
from kubeless.kube.errors import Conflict
from kubeless.kube.lease import Leadership

log = structlog.get_logger(__name__)

LEASE = "kubeless-controller"

CONFLICT_PAUSE = 0.05
"""Seconds to let the caches catch up after an object was changed under our hands."""


@dataclass(frozen=True, slots=True)
class RunningController:
    """A controller at work."""

    admin_port: int


@asynccontextmanager
async def serve(settings: Settings, client: KubeClient) -> AsyncIterator[RunningController]:
    """Run the controller while the body runs; on entry it knows the cluster and is at work, or stands by."""
    metrics = Metrics()
    async with AsyncExitStack() as stack:
        admin = await stack.enter_async_context(AdminServer(settings.admin_host, settings.admin_port, metrics.registry))
        location = await find_location(client, settings)
        config = await stack.enter_async_context(ConfigWatch(client, location, settings, metrics).running())
        namespace = settings.functions_namespace or config.current.functions_namespace or None
        caches = await stack.enter_async_context(Caches(client, namespace=namespace).running())
        functions = FunctionReconciler(client, caches, lambda: config.current, metrics)
        triggers = IngressReconciler(client, caches.functions, metrics, namespace=namespace)
        await stack.enter_async_context(triggers.running())

        loops = (
            _Loop(FUNCTIONS.kind, functions.reconcile, caches.function_keys, metrics),
            _Loop(HTTP_TRIGGERS.kind, triggers.reconcile, triggers.keys, metrics),
        )
        caches.subscribe(loops[0].queue.add)
        triggers.subscribe(loops[1].queue.add)
        config.subscribe(loops[0].add_all)

        async def work_forever() -> None:
            async with asyncio.TaskGroup() as group:
                for loop in loops:
                    group.create_task(loop.run(workers=settings.workers))

        if settings.leader_election:
            leadership = Leadership(client, namespace=location.namespace, name=LEASE, identity=settings.identity)
            await stack.enter_async_context(leadership)
            await stack.enter_async_context(_running(lambda: leadership.lead(work_forever)))
        else:
            await stack.enter_async_context(_running(work_forever))
        admin.ready = True
        log.info("controller is ready", namespace=namespace or "(all)", functions=len(caches.functions))
        yield RunningController(admin.port)
        admin.ready = False


class _Loop:
    """Works off the keys of one kind."""

    def __init__(
        self,
        kind: str,
        reconcile: Callable[[ObjectKey], Awaitable[float | None]],
        keys: Callable[[], Iterable[ObjectKey]],
        metrics: Metrics,
    ) -> None:
        self.queue: WorkQueue[ObjectKey] = WorkQueue(kind)
        self._kind = kind
        self._reconcile = reconcile
        self._keys = keys
        self._metrics = metrics

    def add_all(self) -> None:
        """Look at every object once."""
        for key in self._keys():
            self.queue.add(key)

    async def run(self, *, workers: int) -> None:
        """Work until cancelled."""
        # A replica that just began to lead may have missed retries.
        self.add_all()
        await self.queue.run(self._work, workers=workers)

    async def _work(self, key: ObjectKey) -> None:
        try:
            with self._metrics.reconciling(self._kind):
                look_again = await self._reconcile(key)
        except Conflict:
            look_again = CONFLICT_PAUSE
        if look_again is not None:
            self.queue.add_after(key, look_again)


@asynccontextmanager
async def _running(work: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Run `work` in a task while the body runs; a failure of it ends the body."""

    async def run() -> None:
        await work()

    async with asyncio.TaskGroup() as group:
        task = group.create_task(run(), name="controller")
        yield
        task.cancel()
