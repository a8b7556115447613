"""
One call by the delivery engine, counted and told in the log.

Calls of a schedule have no order among each other and come one at a time, so they need the engine's attempts, pauses
and dead letters, but none of its lanes: ten thousand triggers would pay for them with every call.
"""

import asyncio
import time
from collections.abc import Callable

from kubeless.core.event import Event
from kubeless.delivery.carrier import Carrier, Ending
from kubeless.delivery.counters import EventCounters, Tally
from kubeless.delivery.deadletter import DeadLetterSink
from kubeless.delivery.job import Job
from kubeless.delivery.outcome import Fate, Outcome
from kubeless.delivery.policy import DeliveryPolicy
from kubeless.delivery.sender import Sender
from kubeless.delivery.telemetry import SILENT, Telemetry
from kubeless.delivery.trigger import TriggerRef
from kubeless.kube.cache import ObjectKey


class Carriage:
    """Makes the calls of one service. To be made within its running loop."""

    def __init__(
        self,
        *,
        sender: Sender,
        counters: EventCounters,
        telemetry: Telemetry = SILENT,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._sender = sender
        self._counters = counters
        self._wall = wall
        self._now = asyncio.get_running_loop().time
        self._telemetry = telemetry

    async def carry(
        self,
        event: Event,
        trigger: TriggerRef,
        function: ObjectKey,
        policy: DeliveryPolicy,
        *,
        dead_letters: DeadLetterSink | None,
        on_outcome: Callable[[Outcome], None],
    ) -> None:
        """Return when the event has a fate. One that is cancelled before that counts as released."""
        tally = self._counters.of(trigger, function)
        tally.received += 1
        began = self._now()
        carrier = Carrier(
            trigger,
            function,
            policy,
            sender=self._sender,
            dead_letters=dead_letters,
            tally=tally,
            on_outcome=lambda _event, outcome: on_outcome(outcome),
            tracer=self._telemetry.tracer,
            wall=self._wall,
        )
        try:
            ending = await carrier.carry(Job(event, _nobody, began))
        except BaseException:
            tally.released()
            raise
        self._settle(event, trigger, function, tally, ending, self._now() - began)

    def _settle(
        self, event: Event, trigger: TriggerRef, function: ObjectKey, tally: Tally, ending: Ending, seconds: float
    ) -> None:
        if ending.fate is Fate.DROPPED:
            tally.dropped_for(ending.reason, seconds)
        else:
            tally.settled(ending.fate, seconds)
        log = self._telemetry.log
        if log is not None and log.wants(ending.fate):
            log.write(
                ending.fate,
                event.id,
                trigger=str(trigger),
                function=str(function),
                answer=ending.answer,
                attempts=ending.attempts,
                seconds=seconds,
            )


def _nobody() -> None:
    """What a call's job does when it is done: a schedule acknowledges nothing."""
