"""
Keep one subscription running for each trigger and function that it selects.

Every change of a trigger or a function is looked at at once, by itself: the pairs it concerns are compared with what
runs, and only what differs is started, stopped or told. Each pair has a task of its own, and whatever happens in it
stays there.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Generic, Protocol, Self, TypeVar

from kubeless.api.selector import LabelSelector
from kubeless.delivery.counters import EventCounters
from kubeless.delivery.sources.pair import Pair
from kubeless.delivery.sources.record import TriggerRecord
from kubeless.delivery.sources.subscription import Subscription
from kubeless.delivery.trigger import TriggerRef
from kubeless.kube.cache import ObjectKey
from kubeless.routing.functions import FunctionRecord
from kubeless.routing.table import RoutingTable

SLACK = 15.0
"""Seconds beyond the time for draining in which subscriptions acknowledge, leave their groups and close."""


class SelectingSpec(Protocol):
    """The spec of a trigger that selects functions."""

    @property
    def suspend(self) -> bool: ...

    @property
    def function_selector(self) -> LabelSelector: ...


SpecT = TypeVar("SpecT", bound=SelectingSpec)
WantT = TypeVar("WantT")
SubscriptionT = TypeVar("SubscriptionT", bound=Subscription)  # type: ignore[type-arg] # its want is WantT


def spec_for(trigger: TriggerRecord[SpecT], function: FunctionRecord) -> SpecT | None:
    """By which spec `function` gets events of `trigger`; None: it gets none."""
    spec = trigger.active
    return spec if spec is not None and spec.function_selector.matches(function.labels) else None


class Subscriptions(Generic[SpecT, WantT, SubscriptionT]):
    """All of one service. Enter `running` before the first change is told."""

    def __init__(
        self,
        kind: str,
        functions: RoutingTable,
        *,
        counters: EventCounters,
        want: Callable[[TriggerRecord[SpecT], SpecT, FunctionRecord], WantT],
        make: Callable[[Pair, Callable[[Pair], None]], SubscriptionT],
        drain_timeout: float,
    ) -> None:
        """
        `want(trigger, spec, function)` says how a pair should be served; it is asked for active triggers and selected
        functions only. `make(pair, changed)` makes what serves it. `drain_timeout` is seconds.
        """
        self._kind = kind
        self._functions = functions
        self._counters = counters
        self._want = want
        self._make = make
        self._drain_timeout = drain_timeout
        self._triggers: dict[ObjectKey, TriggerRecord[SpecT]] = {}
        self._by_namespace: dict[str, set[ObjectKey]] = {}
        self._pairs: dict[Pair, SubscriptionT] = {}
        self._by_function: dict[ObjectKey, set[Pair]] = {}
        self._by_trigger: dict[ObjectKey, set[Pair]] = {}
        self._tasks: dict[Pair, asyncio.Task[None]] = {}
        self._group: asyncio.TaskGroup | None = None
        self._listeners: list[Callable[[ObjectKey], None]] = []

    def __len__(self) -> int:
        return len(self._pairs)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Self]:
        """Run subscriptions while the body does; on leaving, all of them drain at the same time."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            try:
                yield self
            finally:
                self._group = None
                await self._stop_all()

    def subscribe(self, listener: Callable[[ObjectKey], None]) -> None:
        """Call `listener` with the key of a trigger when something about it, or its subscriptions, has changed."""
        self._listeners.append(listener)

    def trigger_changed(
        self, key: ObjectKey, _old: TriggerRecord[SpecT] | None, new: TriggerRecord[SpecT] | None
    ) -> None:
        """The handler for the informer of triggers."""
        if new is None:
            self._triggers.pop(key, None)
            self._by_namespace.get(key.namespace, set()).discard(key)
        else:
            self._triggers[key] = new
            self._by_namespace.setdefault(key.namespace, set()).add(key)
        spec = None if new is None else new.active
        selected = [] if spec is None else self._functions.select(key.namespace, spec.function_selector)
        for pair in {Pair(*key, function.name) for function in selected} | self._by_trigger.get(key, set()):
            self._look(pair)
        self._tell(key)

    def function_changed(self, key: ObjectKey) -> None:
        """The handler for the routing table: a function, or where it lives, has changed."""
        concerned = set(self._by_function.get(key, ()))
        candidates = (Pair(*trigger, key.name) for trigger in self._by_namespace.get(key.namespace, ()))
        concerned |= {pair for pair in candidates if self._wanted(pair) is not None}
        for pair in concerned:
            self._look(pair)
            if pair in self._pairs:
                self._pairs[pair].wake()
            self._tell(pair.trigger_key)

    def of(self, key: ObjectKey) -> dict[str, SubscriptionT]:
        """The subscriptions of a trigger by function."""
        return {pair.function: self._pairs[pair] for pair in self._by_trigger.get(key, ())}

    def serving(self, function: ObjectKey) -> set[Pair]:
        """The subscriptions for a function, those that end included."""
        return set(self._by_function.get(function, ()))

    def trigger(self, key: ObjectKey) -> TriggerRecord[SpecT] | None:
        """What is known of a trigger."""
        return self._triggers.get(key)

    def triggers(self) -> list[ObjectKey]:
        """All triggers."""
        return list(self._triggers)

    def spec(self, key: ObjectKey) -> SpecT | None:
        """The spec of a trigger; None if there is no such trigger, or it is not to be understood."""
        record = self._triggers.get(key)
        return None if record is None else record.spec

    def selected(self, key: ObjectKey) -> list[FunctionRecord]:
        """The functions a trigger means, whether it is suspended or not."""
        spec = self.spec(key)
        return [] if spec is None else self._functions.select(key.namespace, spec.function_selector)

    def observed(self) -> dict[Pair, SubscriptionT]:
        """All that there are; a copy, so that metrics can be collected in another thread."""
        return dict(self._pairs)

    def _wanted(self, pair: Pair) -> WantT | None:
        """How a pair should be served; None: not at all."""
        trigger = self._triggers.get(pair.trigger_key)
        function = self._functions.function(*pair.function_key)
        if trigger is None or function is None or (spec := spec_for(trigger, function)) is None:
            return None
        return self._want(trigger, spec, function)

    def _look(self, pair: Pair) -> None:
        """Make one pair as it should be."""
        if self._group is None:
            return  # Stopping: nothing is wanted any more, whatever the API still tells.
        wanted = self._wanted(pair)
        subscription = self._pairs.get(pair)
        if subscription is None:
            if wanted is None:
                return
            subscription = self._pairs[pair] = self._make(pair, self._pair_changed)
            self._by_trigger.setdefault(pair.trigger_key, set()).add(pair)
            self._by_function.setdefault(pair.function_key, set()).add(pair)
        subscription.want(wanted)
        if wanted is not None and pair not in self._tasks:
            name = f"{self._kind} {'/'.join(pair)}"
            self._tasks[pair] = self._group.create_task(self._run(subscription), name=name)

    async def _run(self, subscription: SubscriptionT) -> None:
        try:
            await subscription.run()
        finally:
            self._tasks.pop(subscription.pair, None)
            self._forget(subscription.pair)

    def _forget(self, pair: Pair) -> None:
        self._pairs.pop(pair, None)
        for index, key in ((self._by_trigger, pair.trigger_key), (self._by_function, pair.function_key)):
            entries = index.get(key)
            if entries is not None:
                entries.discard(pair)
                if not entries:
                    del index[key]
        if self._group is not None:
            # A pair that is only suspended keeps its counts as long as trigger and function exist.
            self._forget_counts(pair)
            self._tell(pair.trigger_key)

    def _forget_counts(self, pair: Pair) -> None:
        if self.trigger(pair.trigger_key) is None or self._functions.function(*pair.function_key) is None:
            self._counters.forget(TriggerRef(self._kind, *pair.trigger_key), pair.function_key)

    async def _stop_all(self) -> None:
        for subscription in self._pairs.values():
            subscription.want(None)
        tasks = list(self._tasks.values())
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=self._drain_timeout + SLACK)
            for task in late:
                task.cancel()

    def _pair_changed(self, pair: Pair) -> None:
        self._tell(pair.trigger_key)

    def _tell(self, key: ObjectKey) -> None:
        for listener in self._listeners:
            listener(key)
