"""The real command, against the embedded API server, whose proxy leads to the admin routes, which talk to NATS."""

from dataclasses import dataclass
from typing import Any

import pytest

from integration.cli.conftest import NAMESPACE, Bench, Ran, bench
from integration.nats_admin.conftest import World, world
from kubeless.api.resource import NATS_TRIGGERS
from kubeless.manage.natsnames import SERVICE
from support.adminworld import add_service

__all__ = ["bench", "world"]


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
    await add_service(bench.client, SERVICE, world.admin_port)
    return NatsBench(bench, world)
