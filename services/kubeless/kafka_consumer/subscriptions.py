"""
Keep one consumer running for each trigger and function that it selects.

Every change of a trigger or a function is looked at at once, by itself: the pairs it concerns are compared with what
runs, and only what differs is started, stopped or told. Each pair has a task of its own, and whatever happens in it
stays there.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Self

from kubeless.api.delivery import KafkaDelivery
from kubeless.api.resource import KAFKA_TRIGGERS
from kubeless.delivery.trigger import TriggerRef
from kubeless.kafka_consumer.metrics import Labels, Observed
from kubeless.kafka_consumer.subscription import Subscription, Workplace
from kubeless.kafka_consumer.triggers import TriggerRecord
from kubeless.kafka_consumer.wanted import Pair, consumes, pairs_of, want
from kubeless.kube.cache import ObjectKey
from kubeless.routing.functions import FunctionRecord
from kubeless.routing.table import RoutingTable

SLACK = 15.0
"""Seconds beyond the time for draining in which consumers commit, leave their groups and close."""


class Subscriptions:
    """All of them. Enter `running` before the first change is told."""

    def __init__(self, workplace: Workplace, functions: RoutingTable) -> None:
        self._workplace = workplace
        self._functions = functions
        self._triggers: dict[ObjectKey, TriggerRecord] = {}
        self._by_namespace: dict[str, set[ObjectKey]] = {}
        self._pairs: dict[Pair, Subscription] = {}
        self._by_function: dict[ObjectKey, set[Pair]] = {}
        self._by_trigger: dict[ObjectKey, set[Pair]] = {}
        self._tasks: dict[Pair, asyncio.Task[None]] = {}
        self._group: asyncio.TaskGroup | None = None
        self._listeners: list[Callable[[ObjectKey], None]] = []

    def __len__(self) -> int:
        return len(self._pairs)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Self]:
        """Run consumers while the body does; on leaving, all of them drain at the same time."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            try:
                yield self
            finally:
                self._group = None
                await self._stop_all()

    def subscribe(self, listener: Callable[[ObjectKey], None]) -> None:
        """Call `listener` with the key of a trigger when something about it, or its consumers, has changed."""
        self._listeners.append(listener)

    def trigger_changed(self, key: ObjectKey, _old: TriggerRecord | None, new: TriggerRecord | None) -> None:
        """The handler for the informer of triggers."""
        if new is None:
            self._triggers.pop(key, None)
            self._by_namespace.get(key.namespace, set()).discard(key)
        else:
            self._triggers[key] = new
            self._by_namespace.setdefault(key.namespace, set()).add(key)
        spec = consumes(new)
        selected = [] if spec is None else self._functions.select(key.namespace, spec.function_selector)
        for pair in pairs_of(key, selected) | self._by_trigger.get(key, set()):
            self._look(pair)
        self._tell(key)

    def function_changed(self, key: ObjectKey) -> None:
        """The handler for the routing table: a function, or where it lives, has changed."""
        function = self._functions.function(*key)
        concerned = set(self._by_function.get(key, ()))
        concerned |= {
            Pair(trigger.namespace, trigger.name, key.name)
            for trigger in self._by_namespace.get(key.namespace, ())
            if want(self._triggers[trigger], function) is not None
        }
        for pair in concerned:
            self._look(pair)
            if pair in self._pairs:
                self._pairs[pair].wake()
            self._tell(ObjectKey(pair.namespace, pair.trigger))

    def reconnect(self) -> None:
        """The credentials have changed: every consumer connects anew."""
        for subscription in self._pairs.values():
            subscription.reconnect()

    def of(self, key: ObjectKey) -> dict[str, Subscription]:
        """The subscriptions of a trigger by function."""
        return {pair.function: self._pairs[pair] for pair in self._by_trigger.get(key, ())}

    def trigger(self, key: ObjectKey) -> TriggerRecord | None:
        """What is known of a trigger."""
        return self._triggers.get(key)

    def triggers(self) -> list[ObjectKey]:
        """All triggers."""
        return list(self._triggers)

    def delivery(self, key: ObjectKey) -> KafkaDelivery | None:
        """How a trigger delivers; None if there is no such trigger, or it is not to be understood."""
        record = self._triggers.get(key)
        return record.spec.delivery if record is not None and record.spec is not None else None

    def selected(self, key: ObjectKey) -> list[FunctionRecord]:
        """The functions a trigger means, whether it is suspended or not."""
        record = self._triggers.get(key)
        if record is None or record.spec is None:
            return []
        return self._functions.select(key.namespace, record.spec.function_selector)

    def observed(self) -> dict[Labels, Observed]:
        """For `metrics`; a copy."""
        return {(pair.namespace, pair.trigger, pair.function): each for pair, each in list(self._pairs.items())}

    def _look(self, pair: Pair) -> None:
        """Make one pair as it should be."""
        if self._group is None:
            return  # Stopping: nothing is wanted any more, whatever the API still tells.
        key = ObjectKey(pair.namespace, pair.trigger)
        wanted = want(self._triggers.get(key), self._functions.function(pair.namespace, pair.function))
        subscription = self._pairs.get(pair)
        if subscription is None:
            if wanted is None:
                return
            subscription = self._pairs[pair] = Subscription(pair, self._workplace, self._pair_changed)
            self._by_trigger.setdefault(key, set()).add(pair)
            self._by_function.setdefault(ObjectKey(pair.namespace, pair.function), set()).add(pair)
        subscription.want(wanted)
        if wanted is not None and pair not in self._tasks:
            self._tasks[pair] = self._group.create_task(self._run(subscription), name=f"consumer {'/'.join(pair)}")

    async def _run(self, subscription: Subscription) -> None:
        try:
            await subscription.run()
        finally:
            self._tasks.pop(subscription.pair, None)
            self._forget(subscription.pair)

    def _forget(self, pair: Pair) -> None:
        self._pairs.pop(pair, None)
        for index, key in ((self._by_trigger, pair.trigger), (self._by_function, pair.function)):
            entries = index.get(ObjectKey(pair.namespace, key))
            if entries is not None:
                entries.discard(pair)
                if not entries:
                    del index[ObjectKey(pair.namespace, key)]
        if self._group is not None:
            # A pair that is only suspended keeps its counts as long as trigger and function exist.
            self._forget_counts(pair)
            self._tell(ObjectKey(pair.namespace, pair.trigger))

    def _forget_counts(self, pair: Pair) -> None:
        trigger = self._triggers.get(ObjectKey(pair.namespace, pair.trigger))
        if trigger is None or self._functions.function(pair.namespace, pair.function) is None:
            ref = TriggerRef(KAFKA_TRIGGERS.kind, pair.namespace, pair.trigger)
            self._workplace.counters.forget(ref, ObjectKey(pair.namespace, pair.function))

    async def _stop_all(self) -> None:
        for subscription in self._pairs.values():
            subscription.want(None)
        tasks = list(self._tasks.values())
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=self._workplace.settings.drain_timeout + SLACK)
            for task in late:
                task.cancel()

    def _pair_changed(self, pair: Pair) -> None:
        self._tell(ObjectKey(pair.namespace, pair.trigger))

    def _tell(self, key: ObjectKey) -> None:
        for listener in self._listeners:
            listener(key)
