"""
Reading a dead-letter topic, and writing into it what is done.

Every reader takes the ends of the partitions when it begins and reads no further, so a topic that grows is read to an
end. Notes stand behind their letters (see `admin_letters`), so a partition is first read for its notes and then for its
letters; what is kept in memory is one number per note, never a body.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Iterable, Mapping
from contextlib import aclosing, asynccontextmanager
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from kubeless.delivery.admin.errors import AdminError
from kubeless.delivery.admin.letters import Choice
from kubeless.kafka_consumer.admin_clients import Clients
from kubeless.kafka_consumer.admin_letters import Letter, note, read_letter
from kubeless.kafka_consumer.admin_topics import all_topics
from kubeless.manage.kafkanames import LetterId

STALL = 15.0
"""Seconds without a record, though there must be more, after which the broker counts as away."""

_POLL_MS = 500
_BATCH = 500


class Span(NamedTuple):
    """The offsets of a partition: from `start`, and before `end`."""

    start: int
    end: int


class LetterLog:
    """One dead-letter topic as it was when it was opened. Not for two readers at once."""

    def __init__(self, topic: str, consumer: AIOKafkaConsumer, spans: Mapping[int, Span]) -> None:
        self.topic = topic
        self.spans = dict(sorted(spans.items()))
        self._consumer = consumer

    async def letters(self, choice: Choice, *, after: LetterId | None = None) -> AsyncGenerator[Letter]:
        """The letters of `choice` that are not done, partition by partition, from behind `after`."""
        for partition, span in self.spans.items():
            start = span.start
            if after is not None and partition <= after.partition:
                if partition < after.partition:
                    continue
                start = max(start, after.offset + 1)
            done = await self.done(partition, start)
            async with aclosing(self.read(partition, start)) as records:
                async for letter in records:
                    if choice.holds(letter) and letter.id.offset not in done:
                        yield letter

    async def done(self, partition: int, start: int) -> set[int]:
        """The offsets of the letters from `start` on that are done."""
        async with aclosing(self.read(partition, start)) as records:
            return {letter.done async for letter in records if letter.done is not None}

    async def pick(self, wanted: Collection[LetterId]) -> AsyncGenerator[tuple[LetterId, Letter | None]]:
        """The letters that are named, done or not, in the order they stand; None for what is no letter."""
        for partition in sorted({each.partition for each in wanted}):
            offsets = sorted(each.offset for each in wanted if each.partition == partition)
            if partition in self.spans:
                # One pass: what is asked for mostly stands together.
                async with aclosing(self.read(partition, offsets[0], last=offsets[-1])) as records:
                    async for letter in records:
                        while offsets and offsets[0] < letter.id.offset:
                            yield LetterId(partition, offsets.pop(0)), None
                        if offsets and offsets[0] == letter.id.offset:
                            yield letter.id, letter if Choice().holds(letter) else None
                            offsets.pop(0)
            for offset in offsets:
                yield LetterId(partition, offset), None

    async def find(self, wanted: LetterId) -> Letter:
        """One letter, done or not; raises AdminError 404."""
        async with aclosing(self.pick([wanted])) as found:
            async for _, letter in found:
                if letter is not None:
                    return letter
        raise self.missing(wanted)

    def missing(self, wanted: LetterId) -> AdminError:
        """The error for what is no letter here."""
        return AdminError(
            404, "NoSuchLetter", f'topic "{self.topic}" has no dead letter {wanted}; see kubeless deadletter list'
        )

    async def read(self, partition: int, start: int, *, last: int | None = None) -> AsyncGenerator[Letter]:
        """All records from `start` to `last`, or the end; raises TimeoutError when the broker does not give them."""
        source = TopicPartition(self.topic, partition)
        end = self.spans[partition].end
        if last is not None:
            end = min(end, last + 1)
        self._consumer.assign([source])
        self._consumer.seek(source, max(start, self.spans[partition].start))
        while await self._consumer.position(source) < end:
            async with asyncio.timeout(STALL):
                records = await self._poll(source)
            for record in records:
                if record.offset >= end:
                    return
                yield read_letter(record)

    async def _poll(self, source: TopicPartition) -> list[Any]:
        """The next records; none if only the position moved, as it does over gaps."""
        before = await self._consumer.position(source)
        while True:
            found = await self._consumer.getmany(source, timeout_ms=_POLL_MS, max_records=_BATCH)
            if found or await self._consumer.position(source) != before:
                records: list[Any] = found.get(source, [])
                return records


@asynccontextmanager
async def open_log(clients: Clients, topic: str) -> AsyncIterator[LetterLog]:
    """The topic for reading; raises AdminError 404 if there is none."""
    async with clients.admin() as admin:
        found = (await all_topics(admin)).get(topic)
    if found is None:
        raise AdminError(404, "TopicNotFound", f'there is no topic "{topic}": nothing was ever dead-lettered there')
    sources = [TopicPartition(topic, partition) for partition in range(found["partitions"])]
    async with clients.reader() as consumer:
        starts = await consumer.beginning_offsets(sources)
        ends = await consumer.end_offsets(sources)
        spans = {source.partition: Span(starts[source], ends[source]) for source in sources}
        yield LetterLog(topic, consumer, spans)


async def write_notes(producer: AIOKafkaProducer, topic: str, letters: Iterable[LetterId], reason: str) -> None:
    """Note durably that letters are done."""
    waiting = [
        await producer.send(topic, value=b"", partition=letter.partition, headers=note(letter.offset, reason))
        for letter in letters
    ]
    await asyncio.gather(*waiting)


async def delete_before(admin: AIOKafkaAdminClient, topic: str, cuts: Mapping[int, int]) -> None:
    """Delete the records of each partition that are before its offset in `cuts`."""
    wanted = {TopicPartition(topic, partition): RecordsToDelete(offset) for partition, offset in cuts.items()}
    if wanted:
        await admin.delete_records(wanted)
