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

import structlog

from kubeless.api.delivery import KafkaDelivery
from kubeless.api.resource import KAFKA_TRIGGERS
from kubeless.core.backoff import Backoff
from kubeless.delivery.counters import EventCounters
from kubeless.delivery.deliverer import Deliverer
from kubeless.delivery.sender import Sender
from kubeless.delivery.trigger import TriggerRef
from kubeless.kafka_consumer.connection import Connection
from kubeless.kafka_consumer.consumer import Consumer, State
from kubeless.kafka_consumer.deadletters import DeadLetters, TopicSink
from kubeless.kafka_consumer.metrics import Labels, Observed, PairCounters
from kubeless.kafka_consumer.settings import Settings
from kubeless.kafka_consumer.triggers import TriggerRecord
from kubeless.kafka_consumer.wanted import Pair, Want, consumes, pairs_of, want
from kubeless.kube.cache import ObjectKey
from kubeless.routing.functions import FunctionRecord
from kubeless.routing.table import RoutingTable

log = structlog.get_logger(__name__)

STOPPED = State("Stopped", "not consuming", healthy=False)

SLACK = 15.0
"""Seconds beyond the time for draining in which consumers commit, leave their groups and close."""


class Workplace:
    """What all subscriptions share."""

    def __init__(
        self,
        settings: Settings,
        *,
        connection: Connection,
        letters: DeadLetters,
        sender: Sender,
        counters: EventCounters,
    ) -> None:
        self.settings = settings
        self.connection = connection
        self.letters = letters
        self.sender = sender
        self.counters = counters


class Subscription:
    """The consumer of one pair, for as long as it is wanted."""

    def __init__(self, pair: Pair, workplace: Workplace, changed: Callable[[Pair], None]) -> None:
        self.pair = pair
        self.counters = PairCounters()
        self._workplace = workplace
        self._changed = changed
        self._want: Want | None = None
        self._consumer: Consumer | None = None
        self._deliverer: Deliverer | None = None
        self._hurry = asyncio.Event()
        self._trouble: State | None = None

    @property
    def state(self) -> State:
        """How it goes."""
        if self._trouble is not None:
            return self._trouble
        return STOPPED if self._consumer is None else self._consumer.state

    @property
    def healthy(self) -> bool:
        """Whether it consumes."""
        return self.state.healthy

    @property
    def wanted(self) -> bool:
        """Whether it should run."""
        return self._want is not None

    @property
    def topic(self) -> str:
        """The topic it should consume; empty if none."""
        return self._want.topic if self._want is not None else ""

    @property
    def stuck(self) -> str:
        """Why dead letters cannot be written; empty if nothing is known to be wrong."""
        return (self._deliverer.stuck or "") if self._deliverer is not None else ""

    @property
    def last_error(self) -> str:
        """Why the latest attempt to deliver failed; empty if it did not."""
        return (self._deliverer.last_error or "") if self._deliverer is not None else ""

    @property
    def lag(self) -> int:
        """See `Consumer.lag`."""
        return self._consumer.lag if self._consumer is not None else 0

    @property
    def assigned(self) -> int:
        """See `Consumer.assigned`."""
        return self._consumer.assigned if self._consumer is not None else 0

    def want(self, wanted: Want | None) -> None:
        """Be like this from now on; None: end."""
        before, self._want = self._want, wanted
        self._hurry.set()
        if wanted == before or self._consumer is None or self._deliverer is None:
            return
        if wanted is None or before is None or wanted.topic != before.topic:
            self._consumer.stop()
            return
        self._consumer.update(wanted.policy, wanted.rule)
        if wanted.letters != before.letters:
            self._deliverer.redirect(self._sink(wanted))

    def wake(self) -> None:
        """The function's endpoints have changed."""
        if self._deliverer is not None:
            self._deliverer.wake()

    def reconnect(self) -> None:
        """The credentials have changed."""
        if self._consumer is not None:
            self._consumer.reconnect()
            self.wake()

    async def run(self) -> None:
        """Consume until nothing is wanted."""
        backoff = Backoff()
        while self._want is not None:
            try:
                await self._run_once(self._want)
            except Exception as error:
                # A defect of ours; the other pairs go on, and this one is tried again.
                log.exception("consumer failed", pair=self.pair)
                self._trouble = State("InternalError", f"{type(error).__name__}; see the log", healthy=False)
                self._changed(self.pair)
                self._hurry.clear()
                await _wait(self._hurry, backoff.next())
                self._trouble = None
            else:
                backoff.reset()

    async def _run_once(self, wanted: Want) -> None:
        work, pair = self._workplace, self.pair
        deliverer = Deliverer(
            TriggerRef(KAFKA_TRIGGERS.kind, pair.namespace, pair.trigger),
            ObjectKey(pair.namespace, pair.function),
            wanted.policy,
            sender=work.sender,
            dead_letters=self._sink(wanted),
            counters=work.counters,
        )
        consumer = Consumer(
            group=pair.group(wanted.topic),
            topic=wanted.topic,
            rule=wanted.rule,
            policy=wanted.policy,
            deliveries=deliverer,
            connection=work.connection,
            settings=work.settings,
            counters=self.counters,
            changed=lambda: self._changed(pair),
        )
        try:
            async with deliverer:
                self._deliverer, self._consumer = deliverer, consumer
                await consumer.run()
        finally:
            self._deliverer = self._consumer = None

    def _sink(self, wanted: Want) -> TopicSink | None:
        return self._workplace.letters.sink(wanted.letters, wanted.topic) if wanted.letters else None


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


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass
