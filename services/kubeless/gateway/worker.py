"""
`python -m kubeless.gateway.worker <descriptor> <number>`: one of several processes that answer requests.

Started by `kubeless.gateway.workers` only, which hands down a socket. Worker 0 is the one that writes statuses.
"""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import structlog
from prometheus_client import CollectorRegistry

from kubeless.core import lifecycle, settings
from kubeless.gateway.metrics import GatewayMetrics
from kubeless.gateway.parent import linked_to_parent
from kubeless.gateway.service import Part, run
from kubeless.gateway.settings import Settings
from kubeless.kube.client import KubeClient


@asynccontextmanager
async def working(descriptor: int, number: int) -> AsyncIterator[None]:
    """Answer requests while entered."""
    configuration = settings.load(Settings, os.environ)
    registry = CollectorRegistry()
    metrics = GatewayMetrics(registry)
    part = Part(shares_ports=True, writes_status=number == 0)
    async with linked_to_parent(descriptor, registry) as parent, await KubeClient.connect() as client:
        metrics.on_forgotten = parent.forgotten
        async with run(configuration, client, metrics=metrics, registry=registry, readiness=parent, part=part):
            yield


if __name__ == "__main__":
    structlog.contextvars.bind_contextvars(worker=int(sys.argv[2]))
    sys.exit(lifecycle.main(partial(working, int(sys.argv[1]), int(sys.argv[2]))))
