"""
Write the status of triggers: one replica of all does, the one that holds the lease.

It tells the state of its own subscriptions (every replica has one for each trigger and function), and what the service
learns about all replicas when it looks around (`StatusSource.look`). A status is written when it differs from what is
there: conditions within a second, numbers once per interval, and soon after a condition has changed, since a trigger
that has just begun is what people look at.
"""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from typing import Generic, NoReturn, Protocol, TypeVar

import structlog

from kubeless.api.resource import Resource
from kubeless.core.errors import KubelessError
from kubeless.core.jsontypes import JsonObject
from kubeless.core.workqueue import WorkQueue
from kubeless.delivery.sources.record import TriggerRecord, TriggerSpec
from kubeless.kube.cache import ObjectKey
from kubeless.kube.client import KubeClient
from kubeless.kube.errors import Conflict, NotFound
from kubeless.kube.finalizers import remove_finalizer

log = structlog.get_logger(__name__)

SETTLE = 0.3
"""Seconds after a change before it is written: a start goes through several states in the time of a write."""

LOOK_PAUSE = 1.0
"""Seconds between two looks at least, however many conditions change."""

WORKERS = 4

SpecT = TypeVar("SpecT", bound=TriggerSpec)


class StatusSource(Protocol[SpecT]):
    """Where a service's statuses come from."""

    def triggers(self) -> Iterable[ObjectKey]:
        """All triggers."""

    def trigger(self, key: ObjectKey) -> TriggerRecord[SpecT] | None:
        """What is known of one."""

    def busy(self, key: ObjectKey) -> bool:
        """Whether something still runs for a trigger, so that it must not go yet."""

    def desired(self, record: TriggerRecord[SpecT]) -> JsonObject:
        """The whole status to write, given the one in `record`."""

    async def look(self) -> None:
        """Learn what only others know, such as a lag. Called once per interval; may raise KubelessError."""


class StatusWriter(Generic[SpecT]):
    """The leader's work."""

    def __init__(
        self,
        client: KubeClient,
        resource: Resource,
        source: StatusSource[SpecT],
        *,
        interval: float,
        finalizer: str | None = None,
    ) -> None:
        """
        `interval` is seconds between two looks. `finalizer` is the one that the Go controllers put on such triggers,
        which is removed when a trigger is to go; None where another service does that.
        """
        self._client = client
        self._resource = resource
        self._source = source
        self._interval = interval
        self._finalizer = finalizer
        self._queue: WorkQueue[ObjectKey] | None = None
        self._curious = asyncio.Event()

    def changed(self, key: ObjectKey) -> None:
        """Something about a trigger may have changed."""
        if self._queue is not None:
            self._queue.add_after(key, SETTLE)

    def everything_changed(self) -> None:
        """Something that all triggers share has changed, such as whether the brokers answer."""
        for key in self._source.triggers():
            self.changed(key)

    async def work(self) -> None:
        """Write until cancelled."""
        self._queue = WorkQueue(f"status of {self._resource.plural}")
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
                await self._source.look()
            except KubelessError as error:
                log.debug("the numbers of triggers are not known", error=str(error))
            except Exception:
                # An odd answer of a broker must not cost the conditions.
                log.exception("cannot look at the numbers of triggers")
            self.everything_changed()
            await asyncio.sleep(min(LOOK_PAUSE, self._interval))
            with suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, self._interval - LOOK_PAUSE)):
                    await self._curious.wait()
            self._curious.clear()

    async def _write(self, key: ObjectKey) -> None:
        record = self._source.trigger(key)
        if record is None:
            return
        if record.metadata.deleting:
            if self._finalizer is not None and not self._source.busy(key):
                await remove_finalizer(self._client, self._resource, record.metadata, self._finalizer)
            return
        status = self._source.desired(record)
        if status == record.status:
            return
        if status.get("conditions") != record.status.get("conditions"):
            self._curious.set()
        body = {"metadata": {"resourceVersion": record.metadata.resource_version}, "status": status}
        with suppress(NotFound, Conflict):  # gone, or changed: the informer tells, and it is looked at again
            await self._client.patch(self._resource, key.name, body, namespace=key.namespace, subresource="status")
