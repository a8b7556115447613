"""Put a session where it has to read: after each assignment, and where the broker lacks what was to be read next."""

from typing import NoReturn

from aiokafka import TopicPartition
from aiokafka.errors import OffsetOutOfRangeError

from kubeless.kafka_consumer.committer import Committer
from kubeless.kafka_consumer.partitions import Held
from kubeless.kafka_consumer.session import Session
from kubeless.kafka_consumer.standing import Standing
from kubeless.kafka_consumer.starting import Commits, find_commits, find_starts


class Placer:
    """Of one session."""

    def __init__(self, standing: Standing, session: Session, committer: Committer) -> None:
        self._standing = standing
        self._session = session
        self._committer = committer

    async def run(self) -> NoReturn:
        """Place each assignment as it comes."""
        standing, session = self._standing, self._session
        while True:
            await session.placing.wait()
            session.placing.clear()
            number, assigned = session.number, session.assigned or frozenset()
            commits = await find_commits(session.consumer, standing.topic, assigned)
            if standing.topic_was_gone:
                commits = Commits({}, None)
            await self._place(number, assigned, commits)

    async def reset(self, error: OffsetOutOfRangeError) -> None:
        """The broker no longer has what we are at: retention took it, or the topic was made anew."""
        standing, session = self._standing, self._session
        partitions = [tp.partition for tp in error.args[0]]
        standing.log.warning("offsets are out of range, starting by the trigger's rule", partitions=partitions)
        standing.counters.offset_resets += len(partitions)
        number = session.number
        starts = await find_starts(
            session.consumer, standing.topic, partitions, rule=standing.rule, began=standing.began
        )
        await standing.deliveries.release(partitions, standing.settings.revoke_timeout)
        if number == session.number and await self._committer.send(starts):
            for partition, offset in starts.items():
                self._seek(partition, standing.partitions.begin(partition, offset))

    async def _place(self, number: int, assigned: frozenset[int], commits: Commits) -> None:
        standing, session = self._standing, self._session
        fresh = [partition for partition in assigned if partition not in commits.offsets]
        starts = await find_starts(session.consumer, standing.topic, fresh, rule=standing.rule, began=commits.began)
        standing.began = commits.began or standing.began or standing.wall_clock()
        # The group has to remember where it begins: after a crash it must not begin further on.
        if number != session.number or not await self._committer.send(starts):
            return  # Another rebalance began; it will be placed in its turn.
        if number != session.number:
            return
        for partition in assigned:
            if partition in starts:
                self._seek(partition, standing.partitions.begin(partition, starts[partition]))
            else:
                self._seek(partition, standing.partitions.resume(partition, commits.offsets[partition]))
        standing.partitions.forget_parted()
        standing.topic_was_gone = False
        standing.counters.rebalances += 1
        standing.wake.set()
        standing.say("Consuming", _partitions_text(standing.topic, len(assigned)), healthy=True)

    def _seek(self, partition: int, held: Held) -> None:
        self._session.consumer.seek(TopicPartition(self._standing.topic, partition), held.progress.position)


def _partitions_text(topic: str, count: int) -> str:
    return f"consuming {count} partitions of {topic}" if count else f"other replicas consume all partitions of {topic}"
