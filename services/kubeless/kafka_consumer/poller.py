"""Read records, and offer them for delivery as far as there is room; go on polling while there is none."""

import time
from collections.abc import Sequence
from functools import partial
from typing import Any, NoReturn

from aiokafka import TopicPartition
from aiokafka.errors import OffsetOutOfRangeError

from kubeless.kafka_consumer import foreign
from kubeless.kafka_consumer.placer import Placer
from kubeless.kafka_consumer.records import to_event
from kubeless.kafka_consumer.session import Session
from kubeless.kafka_consumer.standing import Standing

POLL = 1.0
"""Seconds that one poll waits for records: how long errors of the coordinator may go unnoticed."""

BLOCKED_POLL = 0.05
"""Seconds while some partition waits for room: how long it waits longer than it has to."""


class Poller:
    """Of one session."""

    def __init__(self, standing: Standing, session: Session, placer: Placer) -> None:
        self._standing = standing
        self._session = session
        self._placer = placer
        self._nothing = TopicPartition(standing.topic, -1)
        self._asked_for_topic = 0.0

    async def run(self) -> NoReturn:
        """Poll all the time, with room or without."""
        standing = self._standing
        while True:
            standing.wake.clear()
            active = len(standing.partitions.active)
            ready, limit = standing.intake()
            if ready:
                await self._take(ready, limit, wait=POLL if len(ready) == active else BLOCKED_POLL)
                continue
            # Asks for no records, but raises what the coordinator has met.
            await self._session.consumer.getmany(self._nothing)
            self._session.polled = time.monotonic()
            if not active:
                await self._look_for_topic()
            await standing.wait(POLL)

    async def _take(self, partitions: Sequence[int], limit: int, *, wait: float) -> None:
        wanted = [TopicPartition(self._standing.topic, number) for number in partitions]
        try:
            batch = await self._session.consumer.getmany(*wanted, timeout_ms=int(wait * 1000), max_records=limit)
        except OffsetOutOfRangeError as error:
            await self._placer.reset(error)
            return
        self._session.polled = time.monotonic()
        for tp, records in batch.items():
            self._offer(tp.partition, records)

    def _offer(self, partition: int, records: Sequence[Any]) -> None:
        held = self._standing.partitions.active.get(partition)
        if held is None:
            return  # Taken away while the poll was under way; whoever has it reads them again.
        for record in records:
            if held.progress.take(record.offset):
                self._standing.deliveries.offer(to_event(record), partial(held.done, record.offset))

    async def _look_for_topic(self) -> None:
        """With no partitions there may be no topic any more; its return is noticed by asking."""
        if self._session.assigned is None or time.monotonic() - self._asked_for_topic < POLL:
            return
        self._asked_for_topic = time.monotonic()
        if not await foreign.find_partitions(self._session.consumer, self._standing.topic):
            self._standing.partitions.forget_parted()
            self._standing.topic_missing()
