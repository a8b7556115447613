"""The real command, against the embedded API server, whose proxy leads to the admin routes, which talk to NATS."""

from dataclasses import dataclass
from typing import Any

import pytest

from integration.cli.conftest import NAMESPACE, Bench, Ran, bench
from integration.nats_admin.conftest import World, world
from kubeless.api.resource import NATS_TRIGGERS
from kubeless.core.jsontypes import JsonObject
from kubeless.delivery.admin.names import PORT
from kubeless.kube.resources import ENDPOINT_SLICES, SERVICES
from kubeless.nats_subscriber.admin_names import SERVICE

__all__ = ["bench", "world"]

KUBELESS = "kubeless"


@dataclass(frozen=True, slots=True)
class NatsBench:
    """A cluster with the admin operations and a server behind them."""

    bench: Bench
    world: World

    async def run(self, *args: str) -> Ran:
        return await self.bench.run(*args)

    async def ok(self, *args: str) -> Ran:
        """Run a command that has to succeed."""
        ran = await self.bench.run(*args)
        assert ran.code == 0, ran.err
        return ran

    async def add_trigger(self, name: str, **delivery: Any) -> None:
        metadata = {"name": name, "namespace": NAMESPACE}
        spec = {"topic": "bills.>", "functionSelector": {}, "delivery": delivery}
        body = {"apiVersion": NATS_TRIGGERS.api_version, "kind": "NATSTrigger", "metadata": metadata, "spec": spec}
        await self.bench.client.create(NATS_TRIGGERS, body)


@pytest.fixture
async def nats_bench(bench: Bench, world: World) -> NatsBench:
    await add_service(bench, world.admin_port)
    return NatsBench(bench, world)


async def add_service(bench: Bench, port: int) -> None:
    """The Service of the NATS trigger controller, as in a cluster and in local mode."""
    metadata: JsonObject = {"name": SERVICE, "namespace": KUBELESS}
    ports = [{"name": PORT, "port": 8092}]
    await bench.client.create(
        SERVICES, {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"ports": ports}}
    )
    labels = {"kubernetes.io/service-name": SERVICE}
    await bench.client.create(
        ENDPOINT_SLICES,
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": metadata | {"labels": labels},
            "addressType": "IPv4",
            "endpoints": [{"addresses": ["127.0.0.1"], "conditions": {"ready": True}}],
            "ports": [{"name": PORT, "port": port}],
        },
    )
