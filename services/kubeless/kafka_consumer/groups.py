"""
What the broker knows of consumer groups, all replicas together: partitions consumed, and records not acknowledged.

A replica sees only its own partitions. Offsets and members of a group are kept by the broker, so whoever writes the
status of triggers can tell the whole of it, also for partitions that it does not consume itself.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from kubeless.kafka_consumer import foreign
from kubeless.kafka_consumer.connection import BrokerUnavailable, Connection


@dataclass(frozen=True, slots=True)
class GroupView:
    """One group."""

    partitions: int
    """How many partitions of the topic some member has."""
    lag: int
    """Records of partitions with a commit that come after it."""


@dataclass(frozen=True, slots=True)
class Group:
    """Which group to look at."""

    name: str
    topic: str


async def look(connection: Connection, groups: Iterable[Group]) -> dict[Group, GroupView]:
    """
    The state of each of `groups`; one that the broker does not tell about is left out.

    Raises BrokerUnavailable.
    """
    found = {}
    wanted = list(groups)
    if not wanted:
        return {}
    try:
        async with connection.admin() as admin, connection.reader() as reader:
            ends = await _ends(reader, {group.topic for group in wanted})
            for group in wanted:
                found[group] = await _view(admin, group, ends)
    except (KafkaError, OSError, TimeoutError) as error:
        raise BrokerUnavailable(f"cannot look at consumer groups: {error or type(error).__name__}") from error
    return found


async def _ends(reader: AIOKafkaConsumer, topics: set[str]) -> dict[TopicPartition, int]:
    partitions = []
    for topic in topics:
        partitions += [TopicPartition(topic, number) for number in await foreign.find_partitions(reader, topic)]
    ends: dict[TopicPartition, int] = await reader.end_offsets(partitions) if partitions else {}
    return ends


async def _view(admin: AIOKafkaAdminClient, group: Group, ends: dict[TopicPartition, int]) -> GroupView:
    committed: dict[TopicPartition, Any] = await admin.list_consumer_group_offsets(group.name)
    lag = sum(
        max(0, ends[tp] - value.offset)
        for tp, value in committed.items()
        if tp.topic == group.topic and value.offset >= 0 and tp in ends
    )
    return GroupView(await foreign.count_assigned(admin, group.name, group.topic), lag)
