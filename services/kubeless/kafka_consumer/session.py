"""One life of an aiokafka consumer, from its start until it is ended or fails, and what the group gave to it."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping
from contextlib import suppress
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import IllegalStateError

from kubeless.kafka_consumer.partitions import Held
from kubeless.kafka_consumer.watchdog import Stalled

POSITION_TIMEOUT = 1.0
"""Seconds to wait for the position of a partition that may have none."""


class Session:
    """Its parts run in `run_until_ended`; all of them are of one event loop."""

    def __init__(self, consumer: AIOKafkaConsumer, topic: str) -> None:
        self.consumer = consumer
        self.joined = False
        self.assigned: frozenset[int] | None = None
        """What the group gave to us; None before the first time."""
        self.number = 0
        """Counts assignments and revocations."""
        self.placing = asyncio.Event()
        """What was assigned waits to be placed."""
        self.polled = time.monotonic()
        self._topic = topic
        self._ended = asyncio.Event()

    def join(self, settle: Callable[[], Awaitable[None]], wake: Callable[[], None]) -> None:
        """Ask for partitions. `settle` is awaited before they are taken away, `wake` called when there are others."""
        self.consumer.subscribe([self._topic], listener=_Listener(self, settle, wake))
        self.joined = True

    def end(self) -> None:
        """Make `run_until_ended` return."""
        self._ended.set()

    async def run_until_ended(self, *works: Coroutine[Any, Any, None]) -> None:
        """Run coroutines until all have ended or `end`; an error of one ends the others and is raised."""
        async with asyncio.TaskGroup() as group:
            tasks = {group.create_task(work) for work in works}
            ended = group.create_task(self._ended.wait())
            working: set[asyncio.Task[Any]] = set(tasks)
            while working and not ended.done():
                done, left = await asyncio.wait({*working, ended}, return_when=asyncio.FIRST_COMPLETED)
                working &= left
                if any(task.cancelled() for task in done):
                    # A future inside aiokafka was cancelled and took the task with it, which no group tells.
                    raise Stalled("the Kafka client gave up from within; it is made anew")
            for task in (*tasks, ended):
                task.cancel()

    def lag(self, active: Mapping[int, Held]) -> int:
        """Records of `active` partitions that are not done, as far as the broker has told."""
        lag = 0
        for partition, held in list(active.items()):
            with suppress(AssertionError, AttributeError):
                end = self.consumer.highwater(TopicPartition(self._topic, partition))
                lag += max(0, (end or 0) - held.progress.committable)
        return lag

    async def positions(self) -> tuple[dict[int, int], dict[int, int]]:
        """Position and end of each assigned partition."""
        assigned = [tp for tp in self.consumer.assignment() if tp.topic == self._topic]
        ends = await self.consumer.end_offsets(assigned) if assigned else {}
        positions = {}
        for tp in assigned:
            with suppress(TimeoutError, IllegalStateError):
                async with asyncio.timeout(POSITION_TIMEOUT):
                    positions[tp.partition] = await self.consumer.position(tp)
        return positions, {tp.partition: end for tp, end in ends.items()}


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc] # aiokafka has no types
    def __init__(self, session: Session, settle: Callable[[], Awaitable[None]], wake: Callable[[], None]) -> None:
        self._session = session
        self._settle = settle
        self._wake = wake

    async def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:  # noqa: ARG002 # all are
        """aiokafka goes on heartbeating while this waits, and takes part in the rebalance when it returns."""
        self._session.number += 1
        await self._settle()

    async def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        """Only noted: aiokafka does not heartbeat while this runs."""
        self._session.number += 1
        self._session.assigned = frozenset(tp.partition for tp in assigned)
        self._session.placing.set()
        self._wake()
