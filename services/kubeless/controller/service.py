"""
The controller as a service: Functions become ConfigMaps, Services, Deployments and autoscalers.

Any number of replicas may run. All of them keep their caches current; the one that holds the lease acts.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import NoReturn

import structlog

from kubeless.api.resource import FUNCTIONS
from kubeless.controller.caches import Caches
from kubeless.controller.configwatch import ConfigWatch, find_location
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
        queue: WorkQueue[ObjectKey] = WorkQueue("functions")
        functions = FunctionReconciler(client, caches, lambda: config.current, metrics)
        caches.subscribe(queue.add)
        config.subscribe(lambda: _add_all(queue, caches))

        async def work_forever() -> None:
            # A replica that just began to lead may have missed retries: look at everything once.
            _add_all(queue, caches)
            await queue.run(_counted(functions.reconcile, queue, metrics), workers=settings.workers)

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


def _add_all(queue: WorkQueue[ObjectKey], caches: Caches) -> None:
    for function in caches.functions.values():
        metadata = function["metadata"]
        queue.add(ObjectKey(metadata["namespace"], metadata["name"]))


def _counted(
    reconcile: Callable[[ObjectKey], Awaitable[float | None]], queue: WorkQueue[ObjectKey], metrics: Metrics
) -> Callable[[ObjectKey], Awaitable[None]]:
    async def work(key: ObjectKey) -> None:
        try:
            with metrics.reconciling(FUNCTIONS.kind):
                look_again = await reconcile(key)
        except Conflict:
            look_again = CONFLICT_PAUSE
        if look_again is not None:
            queue.add_after(key, look_again)

    return work


@asynccontextmanager
async def _running(work: Callable[[], Awaitable[None] | Awaitable[NoReturn]]) -> AsyncIterator[None]:
    """Run `work` in a task while the body runs; a failure of it ends the body."""

    async def run() -> None:
        await work()

    async with asyncio.TaskGroup() as group:
        task = group.create_task(run(), name="controller")
        yield
        task.cancel()
