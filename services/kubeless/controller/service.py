"""
The controller as a service: Functions become what runs them, HTTPTriggers become Ingresses where they ask for it.

Any number of replicas may run. All of them keep their caches current; the one that holds the lease acts.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from kubeless.controller.configwatch import ConfigWatch, find_location
from kubeless.controller.metrics import Metrics
from kubeless.controller.scope import Controller
from kubeless.controller.settings import Settings
from kubeless.core.health import AdminServer
from kubeless.kube.client import KubeClient
from kubeless.kube.lease import Leadership
from kubeless.kube.metrics import InformerCollector

LEASE = "kubeless-controller"
SERVICE = "kubeless-controller-manager"
"""The Kubernetes Service whose port `admin` has the metrics."""


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

        def election() -> Leadership | None:
            if not settings.leader_election:
                return None
            return Leadership(client, namespace=location.namespace, name=LEASE, identity=settings.identity)

        controller = Controller(client, settings, config, metrics, election)
        InformerCollector(metrics.registry, lambda: controller.informers)
        await stack.enter_async_context(_running(controller))
        await controller.wait_synced()
        admin.ready = True
        yield RunningController(admin.port)
        admin.ready = False


@asynccontextmanager
async def _running(controller: Controller) -> AsyncIterator[None]:
    """Run it in a task while the body runs; a failure of it ends the body."""
    async with asyncio.TaskGroup() as group:
        task = group.create_task(controller.run(), name="controller")
        yield
        task.cancel()
