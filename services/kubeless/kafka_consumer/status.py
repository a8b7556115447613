"""
Write the status of triggers: one replica of all does, the one that holds the lease.

It tells the state of its own consumers (every replica has one for each trigger and function, in the same group), and
what the broker knows of the groups of all replicas. What it cannot know is why another replica cannot write a dead
letter or deliver an event; that shows as a growing lag here, and in the other replica's metrics and log. A status is
written when it differs from what is there: conditions within a second, numbers at most once per interval.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import NoReturn

import structlog

from kubeless.api.resource import KAFKA_TRIGGERS
from kubeless.core.errors import KubelessError
from kubeless.core.jsontypes import JsonObject
from kubeless.core.workqueue import WorkQueue
from kubeless.kafka_consumer import groups
from kubeless.kafka_consumer.conditions import Facts, PairFacts, desired_status
from kubeless.kafka_consumer.connection import Connection
from kubeless.kafka_consumer.finalizers import remove_finalizer
from kubeless.kafka_consumer.groups import Group, GroupView
from kubeless.kafka_consumer.subscriptions import Subscriptions
from kubeless.kafka_consumer.triggers import FINALIZER, TriggerRecord
from kubeless.kafka_consumer.wanted import Pair
from kubeless.kube.cache import ObjectKey
from kubeless.kube.client import KubeClient
from kubeless.kube.errors import Conflict, NotFound

log = structlog.get_logger(__name__)

SETTLE = 0.3
"""Seconds after a change before it is written: a start goes through several states in the time of a write."""

WORKERS = 4


class StatusWriter:
    """The leader's work."""

    def __init__(
        self,
        client: KubeClient,
        subscriptions: Subscriptions,
        connection: Connection,
        *,
        interval: float,
        clock: Callable[[], datetime] = lambda: datetime.now(tz=UTC),
    ) -> None:
        """`interval` is seconds between two looks at the numbers."""
        self._client = client
        self._subscriptions = subscriptions
        self._connection = connection
        self._interval = interval
        self._clock = clock
        self._queue: WorkQueue[ObjectKey] | None = None
        self._views: dict[Group, GroupView] = {}

    def changed(self, key: ObjectKey) -> None:
        """Something about a trigger may have changed."""
        if self._queue is not None:
            self._queue.add_after(key, SETTLE)

    def everything_changed(self) -> None:
        """The brokers have gone away or come back."""
        for key in self._subscriptions.triggers():
            self.changed(key)

    async def work(self) -> None:
        """Write until cancelled."""
        self._queue = WorkQueue("status of Kafka triggers")
        self.everything_changed()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._queue.run(self._write, workers=WORKERS))
                group.create_task(self._look_forever())
        finally:
            self._queue = None

    async def _look_forever(self) -> NoReturn:
        while True:
            try:
                self._views = await groups.look(self._connection, self._all_groups())
            except KubelessError as error:
                log.debug("consumer groups are not known", error=str(error))
                self._views = {}
            except Exception:
                # An odd answer of a broker must not cost the conditions.
                log.exception("cannot look at consumer groups")
            self.everything_changed()
            await asyncio.sleep(self._interval)

    def _all_groups(self) -> set[Group]:
        return {group for key in self._subscriptions.triggers() for group in self._groups(key)}

    def _groups(self, key: ObjectKey) -> list[Group]:
        record = self._subscriptions.trigger(key)
        if record is None or record.spec is None:
            return []
        topic = record.spec.topic
        return [
            Group(Pair(key.namespace, key.name, function.name).group(topic), topic)
            for function in self._subscriptions.selected(key)
        ]

    async def _write(self, key: ObjectKey) -> None:
        record = self._subscriptions.trigger(key)
        if record is None:
            return
        if record.metadata.deleting:
            if not self._subscriptions.of(key):
                await remove_finalizer(self._client, KAFKA_TRIGGERS, record.metadata, FINALIZER)
            return
        status = desired_status(self._facts(record), now=self._clock())
        if status == record.status:
            return
        with suppress(NotFound, Conflict):  # gone, or changed: the informer tells, and it is looked at again
            await self._client.patch(
                KAFKA_TRIGGERS,
                key.name,
                _body(record, status),
                namespace=key.namespace,
                subresource="status",
            )

    def _facts(self, record: TriggerRecord) -> Facts:
        pairs = self._subscriptions.of(record.key)
        views = [self._views.get(group) for group in self._groups(record.key)]
        known = [view for view in views if view is not None]
        complete = len(known) == len(views)
        return Facts(
            trigger=record,
            broker_asked=self._connection.asked,
            broker_problem=self._connection.problem,
            pairs={
                function: PairFacts(each.state, each.stuck, each.last_error)
                for function, each in pairs.items()
                if each.wanted
            },
            functions=tuple(function.name for function in self._subscriptions.selected(record.key)),
            partitions=sum(view.partitions for view in known) if complete else None,
            lag=sum(view.lag for view in known) if complete else None,
        )


def _body(record: TriggerRecord, status: JsonObject) -> JsonObject:
    return {"metadata": {"resourceVersion": record.metadata.resource_version}, "status": status}
