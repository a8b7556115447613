"""Make the broker remember what is done, and nothing that is not."""

import asyncio
from collections.abc import Mapping
from typing import NoReturn

from aiokafka import TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError
from aiokafka.structs import OffsetAndMetadata

from kubeless.kafka_consumer.partitions import Held
from kubeless.kafka_consumer.session import Session
from kubeless.kafka_consumer.standing import Standing
from kubeless.kafka_consumer.startfrom import note


class Committer:
    """The commits of one session."""

    def __init__(self, standing: Standing, session: Session) -> None:
        self._standing = standing
        self._session = session
        self._one_at_a_time = asyncio.Lock()

    async def run(self) -> NoReturn:
        """Commit from time to time."""
        while True:
            await asyncio.sleep(self._standing.settings.commit_interval)
            await self.commit(self._standing.partitions.active)

    async def settle(self, timeout: float) -> None:
        """Take nothing more, let what is being attempted end within `timeout` seconds, and commit what is done."""
        partitions = self._standing.partitions
        partitions.part()
        parted = partitions.parted
        await self._standing.deliveries.release(list(parted), timeout)
        for held in parted.values():
            held.progress.rewind()
        await self.commit(parted)

    async def commit(self, held: Mapping[int, Held]) -> None:
        """Commit what has moved."""
        due = {
            number: each.progress.committable
            for number, each in held.items()
            if each.progress.committable > each.progress.committed
        }
        noted = {number: held[number] for number in due}
        if due and await self.send(due):
            for number, offset in due.items():
                noted[number].progress.commit(offset)

    async def send(self, offsets: Mapping[int, int]) -> bool:
        """Whether the broker remembers `offsets` now; if not, they are committed with later ones, or read again."""
        if not offsets:
            return True
        standing = self._standing
        text = note(standing.began or 0.0)
        content = {
            TopicPartition(standing.topic, number): OffsetAndMetadata(at, text) for number, at in offsets.items()
        }
        # One at a time, and never after a rebalance that began meanwhile: it would set a new owner back.
        async with self._one_at_a_time:
            try:
                async with asyncio.timeout(standing.settings.request_timeout):
                    await self._session.consumer.commit(content)
            except (CommitFailedError, IllegalStateError, TimeoutError) as error:
                standing.log.info("not committed", error=str(error) or type(error).__name__)
                standing.counters.commit_failures += 1
                return False
        standing.counters.commits += 1
        return True
