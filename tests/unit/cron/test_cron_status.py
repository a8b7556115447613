"""How often statuses are written: a bound that does not depend on the number of triggers, in virtual time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, cast

import orjson

from kubeless.core.jsontypes import JsonObject
from kubeless.cron_scheduler.status import StatusWriter
from kubeless.cron_scheduler.triggers import CronTrigger
from kubeless.kube.cache import ObjectKey
from kubeless.kube.client import KubeClient
from support import virtualtime
from support.cronreplicas import FUNCTION, Replica, Store, Taken, WallClock, make_trigger

RATE = 2.0
INTERVAL = 15.0


@dataclass
class Statuses:
    """An API server as far as statuses need one; what is written comes back as the informer would bring it."""

    replica: Replica
    writes: list[tuple[float, str, JsonObject]] = field(default_factory=list)

    async def patch(self, _resource: Any, name: str, body: JsonObject, *, namespace: str, subresource: str) -> None:
        assert subresource == "status"
        key = ObjectKey(namespace, name)
        trigger = self.replica.scheduler.trigger(key)
        assert trigger is not None
        status = {key: value for key, value in (trigger.status | body["status"]).items() if value is not None}
        self.writes.append((asyncio.get_running_loop().time(), name, status))
        self.replica.scheduler.trigger_changed(key, trigger, replace(trigger, packed_status=orjson.dumps(status)))


@asynccontextmanager
async def writing(*triggers: CronTrigger) -> AsyncIterator[Statuses]:
    """A leader that writes statuses."""
    wall = WallClock()
    leader = Replica("a", Store(), Taken(), wall).knows(*triggers)
    statuses = Statuses(leader)
    writer = StatusWriter(
        cast("KubeClient", statuses),
        leader.scheduler,
        leader.runs,
        lambda _namespace, _spec: [FUNCTION],
        metrics=leader.metrics,
        interval=INTERVAL,
        rate=RATE,
        wall=wall,
    )
    leader.scheduler.on_change = writer.changed
    async with leader.leading(), asyncio.TaskGroup() as group:
        task = group.create_task(writer.work())
        yield statuses
        task.cancel()


def many() -> list[CronTrigger]:
    return [make_trigger(f"t{number}", "*/5 * * * * *") for number in range(40)]


def test_many_triggers_that_are_called_often_are_no_more_writes_than_the_rate() -> None:
    async def main() -> None:
        async with writing(*many()) as statuses:
            await asyncio.sleep(60)
        for start in range(0, 60, 10):
            written = [at for at, _, _ in statuses.writes if start <= at < start + 10]
            assert len(written) <= RATE * 10 + 10  # ten may come at once after a pause
        assert {name for _, name, _ in statuses.writes} == {each.record.metadata.name for each in many()}

    virtualtime.run(main())


def test_the_times_of_one_trigger_are_written_once_per_interval() -> None:
    async def main() -> None:
        async with writing(make_trigger("each", "* * * * * *")) as statuses:
            await asyncio.sleep(121)
        assert len(statuses.writes) <= 121 / INTERVAL + 3
        last = statuses.writes[-1][2]
        assert last["lastScheduleTime"] >= "2026-01-01T12:01:45Z"
        assert last["nextScheduleTime"] > last["lastScheduleTime"]

    virtualtime.run(main())


def test_a_condition_does_not_wait_for_the_times_of_others() -> None:
    async def main() -> None:
        async with writing(*many()) as statuses:
            await asyncio.sleep(60)
            suspended = make_trigger("t7", "*/5 * * * * *", suspend=True, generation=2)
            statuses.replica.scheduler.trigger_changed(suspended.record.key, None, suspended)
            await asyncio.sleep(2.5)
        told = [each for at, name, each in statuses.writes if name == "t7" and at >= 60]
        assert told
        assert [each["reason"] for each in told[-1]["conditions"] if each["type"] == "Ready"] == ["Suspended"]

    virtualtime.run(main())
