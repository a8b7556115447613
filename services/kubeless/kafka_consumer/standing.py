"""What a consumer keeps from one session with the broker to the next, and what the parts of a session share."""

import asyncio
import time
from collections.abc import Callable, Collection, Hashable
from contextlib import suppress
from typing import Protocol

import structlog

from kubeless.core.event import Event
from kubeless.delivery.policy import DeliveryPolicy
from kubeless.delivery.sources.subscription import State
from kubeless.kafka_consumer import intake
from kubeless.kafka_consumer.metrics import PairCounters
from kubeless.kafka_consumer.partitions import Partitions
from kubeless.kafka_consumer.progress import Progress
from kubeless.kafka_consumer.settings import Settings
from kubeless.kafka_consumer.startfrom import StartRule


class Deliveries(Protocol):
    """What is used of `kubeless.delivery.deliverer.Deliverer`."""

    @property
    def free(self) -> int: ...

    def offer(self, event: Event, done: Callable[[], None]) -> None: ...

    async def release(self, partitions: Collection[Hashable], timeout: float) -> bool: ...

    def update(self, policy: DeliveryPolicy) -> None: ...


class Standing:
    """Of one consumer; used from one event loop."""

    def __init__(
        self,
        *,
        group: str,
        topic: str,
        rule: StartRule,
        policy: DeliveryPolicy,
        deliveries: Deliveries,
        settings: Settings,
        counters: PairCounters,
        changed: Callable[[], None],
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        """`changed` is called after each change of `state`."""
        self.group = group
        self.topic = topic
        self.rule = rule
        """Where partitions begin that the group has not been in."""
        self.policy = policy
        self.deliveries = deliveries
        self.settings = settings
        self.counters = counters
        self.wall_clock = wall_clock
        self.partitions = Partitions(limit=settings.max_gap, moved=self._moved)
        self.wake = asyncio.Event()
        """There may be something to take in, or nothing any more."""
        self.began: float | None = None
        """When the group began, seconds since the Unix epoch; None before its first partitions."""
        self.topic_was_gone = False
        """Commits of the group may be of a topic that is no more."""
        self.state = State("Starting", "connecting to Kafka", healthy=False)
        self.log = structlog.get_logger(__name__).bind(group=group)
        self._changed = changed
        self._bounds = intake.bounds(policy.order, capacity=1, partitions=1)

    def intake(self) -> intake.Intake:
        """From which partitions to take how much now."""
        held = {number: held.progress for number, held in self.partitions.active.items()}
        free = self.deliveries.free
        capacity = free + sum(progress.pending for progress in held.values())
        self._bounds = intake.bounds(self.policy.order, capacity=capacity, partitions=len(held))
        return intake.decide(held, self._bounds, free=free)

    def say(self, reason: str, message: str, *, healthy: bool) -> None:
        """Be in this state, for people."""
        state = State(reason, message, healthy)
        if state != self.state:
            self.state = state
            self.log.info("consumer", state=reason, message=message)
            self._changed()

    def topic_missing(self) -> None:
        """There is no such topic; what the group remembers of it is no longer true."""
        self.topic_was_gone = True
        self.say("TopicNotFound", f"topic {self.topic} does not exist; create it, or correct spec.topic", healthy=False)

    async def wait(self, seconds: float) -> None:
        """Until `wake`, at most `seconds`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.wake.wait()

    def _moved(self, progress: Progress) -> None:
        """An event is done; most of the time that is no reason to poll."""
        if progress.pending <= self._bounds.low and self.deliveries.free >= self._bounds.free:
            self.wake.set()
