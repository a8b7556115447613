"""
Calls under way: each in a task of its own, by the delivery engine, until it has a fate.

A run is one time of one trigger and has a call for each function. Which calls have not ended is what the journal tells
the next leader.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Self

from kubeless.api.cronjobtrigger import KIND, CronJobTriggerSpec
from kubeless.api.metadata import Metadata
from kubeless.core.event import Event
from kubeless.cron_scheduler.call import call_event
from kubeless.cron_scheduler.carriage import Carriage
from kubeless.cron_scheduler.failures import FailureEvents
from kubeless.cron_scheduler.journal import Call
from kubeless.cron_scheduler.metrics import CronMetrics
from kubeless.delivery.counters import EventCounters
from kubeless.delivery.outcome import Delivered, Outcome
from kubeless.delivery.policy import DeliveryPolicy
from kubeless.delivery.sender import Sender
from kubeless.delivery.telemetry import SILENT, Telemetry
from kubeless.delivery.trigger import TriggerRef
from kubeless.kube.cache import ObjectKey
from kubeless.routing.functions import FunctionRecord

ON_DEMAND_PATIENCE = 60.0
"""Seconds after which a call that somebody waits for is not attempted again."""


@dataclass(frozen=True, slots=True)
class Result:
    """How the latest calls of a trigger went."""

    succeeded: int = 0
    """The latest time of which a call succeeded; 0: none."""
    error: str = ""
    """Why the latest call that ended came to nothing; empty if it did not."""


class Runs:
    """All calls of one service."""

    def __init__(
        self,
        *,
        sender: Sender,
        counters: EventCounters,
        failures: FailureEvents,
        metrics: CronMetrics,
        telemetry: Telemetry = SILENT,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._carriage = Carriage(sender=sender, counters=counters, telemetry=telemetry, wall=wall)
        self._counters = counters
        self._failures = failures
        self._metrics = metrics
        self._wall = wall
        self._group = asyncio.TaskGroup()
        self._calls: dict[ObjectKey, dict[Call, asyncio.Task[None]]] = {}
        self._results: dict[ObjectKey, Result] = {}
        self._functions: dict[ObjectKey, set[ObjectKey]] = {}
        self._all_ended = asyncio.Event()
        self._all_ended.set()
        self.on_end: Callable[[ObjectKey], None] = lambda _key: None
        """Called when a call of a trigger has ended."""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Self]:
        """Own the tasks while the body runs; calls that have not ended then are cancelled."""
        async with self._group:
            try:
                yield self
            finally:
                self.abandon()

    def start(
        self, trigger: Metadata, spec: CronJobTriggerSpec, moment: int, functions: Iterable[FunctionRecord]
    ) -> None:
        """Call each function for a time of the schedule; one that is being called for this time is not again."""
        key = ObjectKey(trigger.namespace, trigger.name)
        calls = self._calls.setdefault(key, {})
        event = call_event(trigger.name, spec.payload, moment)
        for function in functions:
            call = Call(trigger.namespace, trigger.name, moment, function.name)
            if call not in calls:
                self._all_ended.clear()
                calls[call] = self._group.create_task(self._carry(call, trigger, spec, event, function))

    def open(self) -> list[Call]:
        """Calls that have not ended."""
        return [call for calls in self._calls.values() for call in calls]

    def active(self, key: ObjectKey) -> int:
        """How many calls of a trigger have not ended."""
        return len(self._calls.get(key, ()))

    def result(self, key: ObjectKey) -> Result:
        """How the latest calls of a trigger went, as far as this process knows."""
        return self._results.get(key, Result())

    def cancel(self, key: ObjectKey) -> None:
        """End the calls of a trigger: newer ones take their place."""
        for task in self._calls.pop(key, {}).values():
            task.cancel()

    def abandon(self) -> None:
        """End all calls: another replica repeats them."""
        for key in list(self._calls):
            self.cancel(key)
        self._all_ended.set()

    def forget(self, key: ObjectKey, uid: str) -> None:
        """The trigger is gone; its calls under way are finished."""
        self._results.pop(key, None)
        self._failures.forget(uid)
        for function in self._functions.pop(key, ()):
            self._counters.forget(TriggerRef(KIND, *key), function)

    async def ended(self, timeout: float) -> bool:
        """Wait until no call is under way, for at most `timeout` seconds; whether there is none."""
        try:
            async with asyncio.timeout(timeout):
                await self._all_ended.wait()
        except TimeoutError:
            return False
        return True

    async def call_now(
        self, trigger: Metadata, spec: CronJobTriggerSpec, functions: Sequence[FunctionRecord]
    ) -> list[tuple[str, Outcome | None]]:
        """Call each function on demand, and wait for the outcome; None: it was interrupted."""
        event = call_event(trigger.name, spec.payload, self._wall(), suffix="/on-demand")
        return await asyncio.gather(*(self._on_demand(trigger, spec, event, function) for function in functions))

    async def _on_demand(
        self, trigger: Metadata, spec: CronJobTriggerSpec, event: Event, function: FunctionRecord
    ) -> tuple[str, Outcome | None]:
        outcomes: list[Outcome] = []
        policy = _policy(spec, function)
        patient = replace(policy, max_age=min(policy.max_age, ON_DEMAND_PATIENCE))
        await self._deliver(trigger, spec, event, function, patient, outcomes.append)
        return function.name, outcomes[-1] if outcomes else None

    async def _carry(
        self, call: Call, trigger: Metadata, spec: CronJobTriggerSpec, event: Event, function: FunctionRecord
    ) -> None:
        key = ObjectKey(call.namespace, call.trigger)
        self._metrics.fired.inc()
        self._metrics.lateness.observe(max(0.0, self._wall() - call.time))
        try:
            await self._deliver(
                trigger, spec, event, function, _policy(spec, function), lambda outcome: self._note(call, outcome)
            )
        finally:
            self._end(key, call)

    async def _deliver(
        self,
        trigger: Metadata,
        spec: CronJobTriggerSpec,
        event: Event,
        function: FunctionRecord,
        policy: DeliveryPolicy,
        note: Callable[[Outcome], None],
    ) -> None:
        key, target = ObjectKey(trigger.namespace, trigger.name), ObjectKey(function.namespace, function.name)
        self._functions.setdefault(key, set()).add(target)
        await self._carriage.carry(
            event,
            TriggerRef(KIND, *key),
            target,
            policy,
            dead_letters=None if spec.delivery.dead_letter.disabled else self._failures.sink(trigger),
            on_outcome=note,
        )

    def _note(self, call: Call, outcome: Outcome) -> None:
        key = ObjectKey(call.namespace, call.trigger)
        before = self.result(key)
        if isinstance(outcome, Delivered):
            self._results[key] = Result(max(before.succeeded, call.time))
        else:
            self._results[key] = replace(before, error=f"{call.function}: {outcome.error}")

    def _end(self, key: ObjectKey, call: Call) -> None:
        calls = self._calls.get(key)
        # After `cancel` the same call may be under way again, in another task.
        if calls is not None and calls.get(call) is asyncio.current_task():
            del calls[call]
            if not calls:
                del self._calls[key]
        if not self._calls:
            self._all_ended.set()
        self.on_end(key)


def _policy(spec: CronJobTriggerSpec, function: FunctionRecord) -> DeliveryPolicy:
    return DeliveryPolicy.of(spec.delivery, function_timeout=function.timeout, default_order="none")
