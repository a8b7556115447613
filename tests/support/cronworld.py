"""The cron scheduler as it runs in a cluster: an embedded API server, and a function that keeps a ledger."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from kubeless.api.resource import CRONJOB_TRIGGERS
from kubeless.core.jsontypes import JsonObject
from kubeless.core.settings import load
from kubeless.cron_scheduler.service import CronScheduler, serve
from kubeless.cron_scheduler.settings import Settings
from kubeless.kube.client import KubeClient
from support.kafkaworld import NAMESPACE, Ledger, World, make_world, until

QUICK = {
    "ADMIN_HOST": "127.0.0.1",
    "ADMIN_PORT": "0",
    "KUBELESS_NAMESPACE": NAMESPACE,
    "CRON_STATUS_INTERVAL": "0.2",
    "CRON_STATUS_RATE": "100",
    "CRON_DRAIN_TIMEOUT": "2",
    "LEADER_ELECTION": "false",
}
RETRY = {"maxAttempts": 2, "initialDelay": 0.01, "maxDelay": 0.05}


class CronWorld:
    """A cluster of one API server in which schedulers can be started."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.client: KubeClient = world.client

    @asynccontextmanager
    async def service(self, **environment: str) -> AsyncIterator[CronScheduler]:
        async with serve(load(Settings, QUICK | environment), self.client) as running:
            yield running

    async def function(self, name: str = "greet", **more: Any) -> Ledger:
        return await self._world.function(name, **more)

    async def trigger(self, name: str = "nightly", **spec: Any) -> None:
        spec = {"schedule": "* * * * * *", "delivery": {"retry": RETRY}} | spec
        if "functionSelector" not in spec:
            spec.setdefault("function-name", "greet")
        await self.client.create(
            CRONJOB_TRIGGERS,
            {
                "apiVersion": CRONJOB_TRIGGERS.api_version,
                "kind": CRONJOB_TRIGGERS.kind,
                "metadata": {"name": name, "namespace": NAMESPACE},
                "spec": spec,
            },
        )

    async def change(self, name: str = "nightly", **spec: Any) -> None:
        await self.client.patch(CRONJOB_TRIGGERS, name, {"spec": spec}, namespace=NAMESPACE)

    async def status(self, name: str = "nightly") -> JsonObject:
        found = await self.client.get(CRONJOB_TRIGGERS, name, namespace=NAMESPACE)
        status: JsonObject = found.get("status") or {}
        return status

    async def until_status(self, holds: Callable[[JsonObject], object], name: str = "nightly") -> JsonObject:
        found: JsonObject = {}

        async def look() -> bool:
            nonlocal found
            found = await self.status(name)
            return bool(holds(found))

        await until(look)
        return found

    async def until_condition(self, kind: str, status: str, reason: str, name: str = "nightly") -> JsonObject:
        return await self.until_status(lambda each: condition(each, kind)[:2] == (status, reason), name)


def condition(status: JsonObject, kind: str) -> tuple[str, str, str]:
    """Status, reason and message."""
    for each in status.get("conditions") or ():
        if each["type"] == kind:
            return each["status"], each["reason"], each["message"]
    return "", "", ""


def seconds_of(ledger: Ledger) -> list[int]:
    """The scheduled times that a function took, in the order in which it did, as seconds since the Unix epoch."""
    return [int(datetime.fromisoformat(call.headers["event-id"].split("/")[1]).timestamp()) for call in ledger.done]


@asynccontextmanager
async def make_cron_world() -> AsyncIterator[CronWorld]:
    async with make_world("") as world:
        yield CronWorld(world)
