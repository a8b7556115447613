"""
Remove our consumers from their streams when their trigger or function is deleted.

A consumer that nobody will use again holds messages for ever where the retention of its stream is by interest. It is
removed by whichever replica sees the deletion, once its own events have ended; all of them try, for a replica that had
not seen it yet may have made the consumer anew. What somebody else made stays: only our mark says that it is ours.

If no replica runs at that moment, the consumer goes by its expiry. Nobody could tell later that it is not wanted, for
other clusters may use the same servers.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from typing import NamedTuple, Self

import structlog

from kubeless.core.workqueue import WorkQueue
from kubeless.delivery.sources.pair import Pair
from kubeless.kube.cache import ObjectKey
from kubeless.nats_subscriber.consumers import MARK
from kubeless.nats_subscriber.jetstream import CONSUMER_NOT_FOUND, STREAM_NOT_FOUND, JetStream, JetStreamRefused
from kubeless.nats_subscriber.names import consumer_name
from kubeless.nats_subscriber.subscriptions import NatsSubscriptions
from kubeless.nats_subscriber.wanted import NatsRecord
from kubeless.routing.table import RoutingTable

log = structlog.get_logger(__name__)

PAUSE = 0.5
"""Seconds between two looks at whether the events of a consumer have ended."""


class Retired(NamedTuple):
    """A consumer that may have to go."""

    pair: Pair
    stream: str
    name: str


def consumers_of(trigger: NatsRecord, functions: Collection[str]) -> list[Retired]:
    """Those that a trigger has, or had, for `functions`."""
    spec = trigger.spec
    if spec is None or not spec.stream:
        return []
    pairs = (Pair(*trigger.key, function) for function in sorted(functions))
    return [Retired(pair, spec.stream, spec.durable or consumer_name(pair)) for pair in pairs]


class Retirement:
    """Enter `running` before the first change is told; `Subscriptions` are to be told first."""

    def __init__(
        self, subscriptions: NatsSubscriptions, functions: RoutingTable, jetstream: Callable[[], JetStream]
    ) -> None:
        """`jetstream()` raises BrokerUnavailable while there is none."""
        self._subscriptions = subscriptions
        self._functions = functions
        self._jetstream = jetstream
        self._idle: dict[ObjectKey, NatsRecord] = {}
        """Triggers without subscriptions, whose consumers wait."""
        self._queue: WorkQueue[Retired] = WorkQueue("consumers of what is deleted")

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Self]:
        """Remove consumers while the body runs; what is left to do then is left to their expiry."""
        async with asyncio.TaskGroup() as group:
            task = group.create_task(self._queue.run(self._retire))
            try:
                yield self
            finally:
                task.cancel()

    def trigger_changed(self, key: ObjectKey, old: NatsRecord | None, new: NatsRecord | None) -> None:
        """The handler for the informer of triggers."""
        self._idle.pop(key, None)
        last = old if new is None else new
        if last is None or last.spec is None or not last.spec.stream:
            return
        if new is None or new.metadata.deleting:
            for retired in consumers_of(last, self._functions_of(last)):
                self._queue.add(retired)
        elif new.active is None:
            self._idle[key] = new

    def function_changed(self, key: ObjectKey) -> None:
        """The handler for the routing table."""
        if self._functions.function(*key) is not None:
            return
        triggers = {pair.trigger_key for pair in self._subscriptions.serving(key)} | self._idle.keys()
        for trigger in triggers:
            record = self._subscriptions.trigger(trigger)
            if record is not None and trigger.namespace == key.namespace:
                for retired in consumers_of(record, (key.name,)):
                    self._queue.add(retired)

    def _functions_of(self, trigger: NatsRecord) -> set[str]:
        """All that it may have consumers for, also if it is suspended."""
        told = trigger.status.get("functions")
        known = {str(name) for name in told} if isinstance(told, list) else set()
        selector = trigger.spec.function_selector if trigger.spec is not None else None
        selected = [] if selector is None else self._functions.select(trigger.key.namespace, selector)
        return known | {function.name for function in selected} | self._subscriptions.of(trigger.key).keys()

    def _is_gone(self, pair: Pair) -> bool:
        trigger = self._subscriptions.trigger(pair.trigger_key)
        return trigger is None or trigger.metadata.deleting or self._functions.function(*pair.function_key) is None

    async def _retire(self, retired: Retired) -> None:
        pair = retired.pair
        if not self._is_gone(pair):
            return  # Made again meanwhile: it goes on where it was.
        if pair.function in self._subscriptions.of(pair.trigger_key):
            self._queue.add_after(retired, PAUSE)
            return
        if await remove_own(self._jetstream(), retired):
            log.info("consumer removed, as its trigger or function is deleted", pair=pair, stream=retired.stream)


async def remove_own(jetstream: JetStream, retired: Retired) -> bool:
    """Remove the consumer if it is there and ours. Whether it was. Raises as `JetStream.request`."""
    path = f"{retired.stream}.{retired.name}"
    try:
        info = await jetstream.consumer(retired.stream, retired.name)
        if info is None or (info["config"].get("metadata") or {}).get(MARK) != "/".join(retired.pair):
            return False
        await jetstream.request(f"CONSUMER.DELETE.{path}")
    except JetStreamRefused as error:
        if error.code in (STREAM_NOT_FOUND, CONSUMER_NOT_FOUND):
            return False
        raise
    return True
