"""When the status of a trigger is looked at and written."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, cast

from kubeless.api.kafkatrigger import KafkaTriggerSpec, parse_kafka_trigger
from kubeless.api.resource import KAFKA_TRIGGERS
from kubeless.core.errors import KubelessError
from kubeless.core.jsontypes import JsonObject
from kubeless.delivery.sources.record import TriggerRecord, reader
from kubeless.delivery.sources.statuswriter import StatusWriter
from kubeless.kube.cache import ObjectKey
from kubeless.kube.client import KubeClient
from support.virtualtime import run

KEY = ObjectKey("shop", "orders")
INTERVAL = 15.0
FINALIZER = "kubeless.io/kafkatrigger"

read = reader(parse_kafka_trigger)


class Cluster:
    """One trigger, its writes with their times, and what a service would say of it."""

    def __init__(self, *, deleting: bool = False) -> None:
        self.metadata: JsonObject = {"name": KEY.name, "namespace": KEY.namespace, "finalizers": [FINALIZER]}
        if deleting:
            self.metadata["deletionTimestamp"] = "2026-01-01T00:00:00Z"
        self.status: JsonObject = {}
        self.wish: JsonObject = {"lag": 0, "conditions": ["Starting"]}
        self.writes: list[tuple[float, JsonObject]] = []
        self.looks: list[float] = []
        self.running = False
        self.failing = False

    async def patch(self, _resource: object, _name: str, body: JsonObject, **_options: Any) -> None:
        self.writes.append((asyncio.get_running_loop().time(), body))
        self.status = body.get("status", self.status)

    def triggers(self) -> list[ObjectKey]:
        return [KEY]

    def trigger(self, _key: ObjectKey) -> TriggerRecord[KafkaTriggerSpec]:
        return read({"metadata": self.metadata, "spec": {"topic": "t", "functionSelector": {}}, "status": self.status})

    def busy(self, _key: ObjectKey) -> bool:
        return self.running

    def desired(self, _record: TriggerRecord[KafkaTriggerSpec]) -> JsonObject:
        return self.wish

    async def look(self) -> None:
        self.looks.append(asyncio.get_running_loop().time())
        if self.failing:
            raise KubelessError("the broker does not tell")


def watched(cluster: Cluster, play: Callable[[StatusWriter[KafkaTriggerSpec]], Awaitable[None]]) -> None:
    """Run a writer while `play` does, in virtual time."""

    async def main() -> None:
        client = cast("KubeClient", cluster)
        writer = StatusWriter(client, KAFKA_TRIGGERS, cluster, interval=INTERVAL, finalizer=FINALIZER)
        work = asyncio.create_task(writer.work())
        await play(writer)
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)

    run(main())


def test_numbers_alone_are_looked_at_and_written_once_per_interval() -> None:
    cluster = Cluster()

    async def play(writer: StatusWriter[KafkaTriggerSpec]) -> None:
        await asyncio.sleep(5)
        for lag in range(20):
            cluster.wish = {"lag": lag, "conditions": ["Starting"]}
            await asyncio.sleep(INTERVAL)

    watched(cluster, play)
    assert len(cluster.looks) <= 23
    assert len(cluster.writes) <= 22


def test_a_changed_condition_is_written_within_a_second_and_numbers_soon_after() -> None:
    cluster = Cluster()

    async def play(writer: StatusWriter[KafkaTriggerSpec]) -> None:
        await asyncio.sleep(6)
        cluster.wish = {"lag": 0, "conditions": ["Consuming"]}
        writer.changed(KEY)
        await asyncio.sleep(1)
        assert cluster.status["conditions"] == ["Consuming"]
        await asyncio.sleep(1)

    watched(cluster, play)
    assert any(6 < moment < 8 for moment in cluster.looks)


def test_conditions_that_flap_do_not_make_the_writer_look_all_the_time() -> None:
    cluster = Cluster()

    async def play(writer: StatusWriter[KafkaTriggerSpec]) -> None:
        for number in range(100):
            cluster.wish = {"conditions": [str(number)]}
            writer.changed(KEY)
            await asyncio.sleep(0.1)

    watched(cluster, play)
    assert len(cluster.looks) <= 12


def test_what_equals_the_status_is_not_written() -> None:
    cluster = Cluster()
    cluster.status = cluster.wish

    async def play(writer: StatusWriter[KafkaTriggerSpec]) -> None:
        writer.changed(KEY)
        await asyncio.sleep(60)

    watched(cluster, play)
    assert cluster.writes == []


def test_a_look_that_fails_costs_no_condition() -> None:
    cluster = Cluster()
    cluster.failing = True

    async def play(writer: StatusWriter[KafkaTriggerSpec]) -> None:
        await asyncio.sleep(20)

    watched(cluster, play)
    assert cluster.status == cluster.wish
    assert len(cluster.looks) >= 2


def test_the_old_finalizer_goes_once_nothing_runs_any_more() -> None:
    cluster = Cluster(deleting=True)
    cluster.running = True

    async def play(writer: StatusWriter[KafkaTriggerSpec]) -> None:
        await asyncio.sleep(5)
        assert cluster.writes == []
        cluster.running = False
        writer.changed(KEY)
        await asyncio.sleep(1)

    watched(cluster, play)
    assert next(body["metadata"]["finalizers"] for _, body in cluster.writes) == []
