"""Schedulers in virtual time: they share a cluster of one object and a function, and die without a last word."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

from prometheus_client import CollectorRegistry

from kubeless.api.metadata import format_time
from kubeless.core.event import Event
from kubeless.core.jsontypes import JsonObject
from kubeless.cron_scheduler.failures import FailureEvents
from kubeless.cron_scheduler.journal import Journal
from kubeless.cron_scheduler.metrics import CronMetrics
from kubeless.cron_scheduler.runs import Runs
from kubeless.cron_scheduler.scheduler import Scheduler
from kubeless.cron_scheduler.triggers import CronTrigger, trigger_reader
from kubeless.delivery.counters import EventCounters
from kubeless.delivery.outcome import Answer
from kubeless.kube.cache import ObjectKey
from kubeless.kube.client import KubeClient
from kubeless.kube.errors import AlreadyExists, Conflict, NotFound, Unreachable
from kubeless.routing.functions import FunctionRecord

START = 1_767_268_800.0
"""2026-01-01T12:00:00Z; virtual time begins there."""
WRITE = 0.01
"""Seconds for a request to an API server that is well."""

FUNCTION = FunctionRecord("shop", "bill", {}, 10.0, 8080, 1)


@dataclass
class Store:
    """The API server, as far as the journal needs one."""

    obj: JsonObject | None = None
    version: int = 0
    writes: int = 0
    away: bool = False
    takes: float = WRITE
    """Seconds for a request."""


@dataclass
class Line:
    """A replica's way to the API server; cut when the replica dies."""

    store: Store
    cut: bool = False

    async def get(self, _resource: Any, _name: str, *, namespace: str) -> JsonObject:
        await self._request()
        if self.store.obj is None:
            raise NotFound
        return self.store.obj

    async def create(self, _resource: Any, body: JsonObject) -> JsonObject:
        await self._request()
        if self.store.obj is not None:
            raise AlreadyExists
        return self._put(body)

    async def replace(self, _resource: Any, body: JsonObject) -> JsonObject:
        await self._request()
        if self.store.obj is None:
            raise NotFound
        if body["metadata"]["resourceVersion"] != str(self.store.version):
            raise Conflict
        return self._put(body)

    async def _request(self) -> None:
        await asyncio.sleep(self.store.takes)
        if self.store.away:
            raise Unreachable
        if self.cut:
            await asyncio.Event().wait()

    def _put(self, body: JsonObject) -> JsonObject:
        self.store.version += 1
        self.store.writes += 1
        self.store.obj = {**body, "metadata": {**body["metadata"], "resourceVersion": str(self.store.version)}}
        return self.store.obj


@dataclass
class Taken:
    """What the function took, over all replicas: id and moment."""

    calls: list[tuple[str, float]] = field(default_factory=list)
    takes: float = 0.02
    status: int = 200

    @property
    def ids(self) -> Counter[str]:
        return Counter(name for name, _ in self.calls)

    def times(self, trigger: str) -> Counter[int]:
        """How often each time of a trigger was called for, as seconds since `START`."""
        found: Counter[int] = Counter()
        for name, _ in self.calls:
            who, when = name.split("/")[:2]
            if who == trigger:
                found[round(datetime.fromisoformat(when).timestamp() - START)] += 1
        return found


@dataclass
class WallClock:
    """A clock that may be set, of a machine that may sleep."""

    offset: float = 0.0
    slept: float = 0.0
    """Seconds in which no process ran."""

    def __call__(self) -> float:
        return START + self.unmoved() + self.offset

    def unmoved(self) -> float:
        return asyncio.get_running_loop().time() + self.slept


class Replica:
    """One scheduler process."""

    def __init__(self, name: str, store: Store, taken: Taken, wall: "WallClock", *, alone: bool = False) -> None:
        self._taken = taken
        self._line = Line(store)
        self.frozen = False
        client = cast("KubeClient", self._line)
        registry = CollectorRegistry()
        self.metrics = CronMetrics(registry)
        self.runs = Runs(
            sender=self,
            counters=EventCounters(registry),
            failures=FailureEvents(client, wall=wall),
            metrics=self.metrics,
            wall=wall,
        )
        self.scheduler = Scheduler(
            runs=self.runs,
            functions=lambda _namespace, _spec: [FUNCTION],
            journal=lambda: Journal(client, namespace="kubeless", holder=name),
            metrics=self.metrics,
            grace=30.0,
            alone=alone,
            wall=wall,
            unmoved=wall.unmoved,
        )

    async def send(self, event: Event, function: ObjectKey, timeout: float) -> Answer:
        """The Sender: what a dead process does not send, nobody gets."""
        if self._line.cut:
            await asyncio.Event().wait()
        self._taken.calls.append((event.id, asyncio.get_running_loop().time()))
        await asyncio.sleep(self._taken.takes)
        return Answer(self._taken.status, "" if self._taken.status == 200 else "failed")

    def die(self) -> None:
        """kill -9: nothing leaves this process any more."""
        self._line.cut = True

    @asynccontextmanager
    async def living(self) -> AsyncIterator["Replica"]:
        """A process, which may `lead` while the body runs."""
        async with self.runs.running(), self.scheduler.running():
            yield self

    @asynccontextmanager
    async def lead(self) -> AsyncIterator["Replica"]:
        """Have the lease while the body runs."""
        async with asyncio.TaskGroup() as group:
            task = group.create_task(self.scheduler.lead())
            yield self
            task.cancel()

    @asynccontextmanager
    async def leading(self) -> AsyncIterator["Replica"]:
        """A process that leads while the body runs."""
        async with self.living(), self.lead():
            yield self

    def knows(self, *triggers: CronTrigger) -> "Replica":
        for each in triggers:
            self.scheduler.trigger_changed(each.record.key, None, each)
        return self


def skipped(replica: Replica, reason: str) -> float:
    """How many times were skipped."""
    return float(replica.metrics.skipped.labels(reason)._value.get())


def make_trigger(name: str, schedule: str, *, created: float = START, generation: int = 1, **spec: Any) -> CronTrigger:
    obj = {
        "metadata": {
            "name": name,
            "namespace": "shop",
            "uid": name,
            "generation": generation,
            "creationTimestamp": format_time(datetime.fromtimestamp(created, UTC)),
        },
        "spec": {"schedule": schedule, "function-name": "bill"} | spec,
    }
    return trigger_reader()(obj)
