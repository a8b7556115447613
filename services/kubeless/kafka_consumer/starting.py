"""Ask the broker where a group is, and where it begins in partitions that it has not been in."""

from collections.abc import Collection, Iterable
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition

from kubeless.kafka_consumer import foreign
from kubeless.kafka_consumer.startfrom import StartRule, decide, read_began


class Commits(NamedTuple):
    """What the broker remembers of a group: offsets by partition, and when it began (None: it did not say)."""

    offsets: dict[int, int]
    began: float | None


async def find_commits(consumer: AIOKafkaConsumer, topic: str, partitions: Collection[int]) -> Commits:
    """The commits of the consumer's group; the time it began may stand in those of other partitions."""
    everything = set(partitions) | set(consumer.partitions_for_topic(topic) or ())
    notes = await foreign.committed_notes(consumer, [TopicPartition(topic, number) for number in everything])
    offsets = {tp.partition: offset for tp, (offset, _) in notes.items()}
    return Commits(offsets, read_began(text for _, text in notes.values()))


async def find_starts(
    consumer: AIOKafkaConsumer, topic: str, partitions: Iterable[int], *, rule: StartRule, began: float | None
) -> dict[int, int]:
    """Where to begin in each of `partitions`."""
    wanted = [TopicPartition(topic, number) for number in partitions]
    if not wanted:
        return {}
    start = decide(rule, began=began)
    if start == "earliest":
        found = await consumer.beginning_offsets(wanted)
    else:
        # Before the look for a time: what comes between the two must not be skipped.
        found = await consumer.end_offsets(wanted)
        if not isinstance(start, str):
            found |= await _since(consumer, wanted, start)
    return {tp.partition: offset for tp, offset in found.items()}


async def _since(consumer: AIOKafkaConsumer, wanted: list[TopicPartition], seconds: float) -> dict[TopicPartition, int]:
    moment = max(0, int(seconds * 1000))
    found = await consumer.offsets_for_times(dict.fromkeys(wanted, moment))
    return {tp: at.offset for tp, at in found.items() if at is not None}
