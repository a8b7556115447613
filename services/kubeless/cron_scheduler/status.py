"""
Write the statuses of triggers, at a rate that does not depend on how many there are.

A status is for people; what the service itself relies on is in the journal. Conditions are written as soon as they
change. Times, which change with each call, are written at most once per interval and trigger, and all writes together
keep to one pace: with ten thousand triggers that are called every minute, the times shown are some minutes old.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

from kubeless.api.resource import CRONJOB_TRIGGERS
from kubeless.core.jsontypes import JsonObject
from kubeless.core.workqueue import WorkQueue
from kubeless.cron_scheduler.conditions import Facts, desired_status, is_urgent
from kubeless.cron_scheduler.metrics import CronMetrics
from kubeless.cron_scheduler.runs import Runs
from kubeless.cron_scheduler.scheduler import Functions, Scheduler
from kubeless.cron_scheduler.triggers import FINALIZER, CronTrigger
from kubeless.kube.cache import ObjectKey
from kubeless.kube.client import KubeClient
from kubeless.kube.errors import Conflict, NotFound
from kubeless.kube.finalizers import remove_finalizer

SETTLE = 0.3
"""Seconds after a change before it is looked at: what happens together is written together."""

WORKERS = 4
_CALM = 2


class Pace:
    """At most so many turns per second; what waits does so in order."""

    def __init__(self, per_second: float) -> None:
        self._gap = 1.0 / per_second if per_second > 0 else 0.0
        self._free_at = 0.0

    async def turn(self) -> None:
        """Wait for the next turn."""
        now = asyncio.get_running_loop().time()
        # A short burst is free: a single trigger's status is written at once.
        at = max(self._free_at, now - 10 * self._gap)
        self._free_at = at + self._gap
        await asyncio.sleep(max(0.0, at - now))


class StatusWriter:
    """The leader's second work."""

    def __init__(
        self,
        client: KubeClient,
        scheduler: Scheduler,
        runs: Runs,
        functions: Functions,
        *,
        metrics: CronMetrics,
        interval: float,
        rate: float,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """`interval` is seconds between two writes of one trigger's times; `rate` is writes per second over all."""
        self._client = client
        self._scheduler = scheduler
        self._runs = runs
        self._functions = functions
        self._metrics = metrics
        self._interval = interval
        self._rate = rate
        self._wall = wall
        self._urgent: WorkQueue[ObjectKey] | None = None
        self._calm: WorkQueue[ObjectKey] | None = None
        self._written: dict[ObjectKey, float] = {}

    def changed(self, key: ObjectKey) -> None:
        """There may be news about a trigger."""
        if self._urgent is not None:
            self._urgent.add_after(key, SETTLE)

    async def work(self) -> None:
        """Write until cancelled."""
        self._urgent, self._calm = WorkQueue("conditions of cron triggers"), WorkQueue("times of cron triggers")
        pace = Pace(self._rate)
        for key in self._scheduler.triggers():
            self.changed(key)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._urgent.run(lambda key: self._look(key, pace), workers=WORKERS))
                group.create_task(self._calm.run(lambda key: self._write(key, pace), workers=_CALM))
        finally:
            self._urgent = self._calm = None
            self._written.clear()

    async def _look(self, key: ObjectKey, pace: Pace) -> None:
        trigger = self._scheduler.trigger(key)
        if trigger is None:
            self._written.pop(key, None)
            return
        if trigger.record.metadata.deleting:
            await remove_finalizer(self._client, CRONJOB_TRIGGERS, trigger.record.metadata, FINALIZER)
            return
        current = trigger.status
        status = self._desired(key, trigger, current)
        if is_urgent(current, status):
            await self._write(key, pace)
        elif status != current and self._calm is not None:
            waited = asyncio.get_running_loop().time() - self._written.get(key, float("-inf"))
            self._calm.add_after(key, max(0.0, self._interval - waited))

    async def _write(self, key: ObjectKey, pace: Pace) -> None:
        await pace.turn()
        trigger = self._scheduler.trigger(key)
        if trigger is None or not self._scheduler.leading:
            return
        current = trigger.status
        status = self._desired(key, trigger, current)
        if status == current:
            return
        metadata = trigger.record.metadata
        body = {"metadata": {"resourceVersion": metadata.resource_version}, "status": _patch(current, status)}
        self._metrics.status_writes.inc()
        self._written[key] = asyncio.get_running_loop().time()
        with suppress(NotFound, Conflict):  # gone, or changed: the informer tells, and it is looked at again
            await self._client.patch(CRONJOB_TRIGGERS, key.name, body, namespace=key.namespace, subresource="status")

    def _desired(self, key: ObjectKey, trigger: CronTrigger, current: JsonObject) -> JsonObject:
        spec, entry = trigger.record.spec, self._scheduler.entry(key)
        facts = Facts(
            trigger,
            current,
            functions=[each.name for each in self._functions(key.namespace, spec)] if spec is not None else (),
            dealt=entry.dealt if entry is not None else 0,
            due=self._scheduler.next_due(key),
            active=self._runs.active(key),
            result=self._runs.result(key),
        )
        return desired_status(facts, now=datetime.fromtimestamp(self._wall(), UTC))


def _patch(current: JsonObject, status: JsonObject) -> JsonObject:
    """What a merge patch needs: fields that are gone are null."""
    return {**dict.fromkeys(current.keys() - status.keys()), **status}
