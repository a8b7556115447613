"""
The topics of the embedded broker: made, grown and deleted by name, found by name or id.

A topic that is deleted and made again is another one, with another id and an empty log.
"""

import re
import uuid
from collections.abc import Iterator, Mapping

from kio.schema.errors import ErrorCode

from kubeless.local.kafka.failure import Failure
from kubeless.local.kafka.log import PartitionLog
from kubeless.local.kafka.settings import BrokerSettings

MAX_MESSAGE = "max.message.bytes"
RETENTION = "retention.bytes"

_NAME = re.compile(r"[a-zA-Z0-9._-]{1,249}")

_ACCEPTED = frozenset(
    {MAX_MESSAGE, RETENTION, "cleanup.policy", "compression.type", "min.insync.replicas", "retention.ms"}
    | {"delete.retention.ms", "segment.bytes", "segment.ms"}
)
"""Configuration that a topic may be made with. What has no meaning for a log in memory is remembered and shown only."""


class Topic:
    """A topic and the logs of its partitions."""

    def __init__(self, name: str, partitions: int, configs: Mapping[str, str], settings: BrokerSettings) -> None:
        self.name = name
        self.id = uuid.uuid4()
        self.partitions = [PartitionLog() for _ in range(partitions)]
        self.configs = dict(configs)
        self.message_bytes = _size(configs, MAX_MESSAGE, settings.message_bytes)
        retention = _size(configs, RETENTION, -1)
        self.partition_bytes = settings.partition_bytes if retention < 0 else min(retention, settings.partition_bytes)

    def partition(self, index: int) -> PartitionLog:
        """
        Raises:
            Failure: UNKNOWN_TOPIC_OR_PARTITION.
        """
        if not 0 <= index < len(self.partitions):
            raise Failure(ErrorCode.unknown_topic_or_partition, f"topic {self.name} has no partition {index}")
        return self.partitions[index]


class Topics:
    """All topics."""

    def __init__(self, settings: BrokerSettings) -> None:
        self._settings = settings
        self._topics: dict[str, Topic] = {}

    def __iter__(self) -> Iterator[Topic]:
        return iter(self._topics.values())

    def get(self, name: str) -> Topic:
        """
        Raises:
            Failure: UNKNOWN_TOPIC_OR_PARTITION.
        """
        try:
            return self._topics[name]
        except KeyError:
            raise Failure(ErrorCode.unknown_topic_or_partition, f"there is no topic {name!r}") from None

    def get_by_id(self, topic_id: uuid.UUID | None) -> Topic:
        """
        Raises:
            Failure: UNKNOWN_TOPIC_ID.
        """
        for topic in self:
            if topic.id == topic_id:
                return topic
        raise Failure(ErrorCode.unknown_topic_id, f"there is no topic with id {topic_id}")

    def partition(self, name: str, index: int) -> PartitionLog:
        """
        Raises:
            Failure: UNKNOWN_TOPIC_OR_PARTITION.
        """
        return self.get(name).partition(index)

    def create(
        self, name: str, *, partitions: int | None = None, configs: Mapping[str, str] | None = None, dry: bool = False
    ) -> Topic:
        """
        Make a topic; with `dry` only check that it can be made.

        Raises:
            Failure: INVALID_TOPIC_EXCEPTION, TOPIC_ALREADY_EXISTS, INVALID_PARTITIONS, INVALID_CONFIG or, beyond
                the broker's bounds, POLICY_VIOLATION.
        """
        _check_name(name)
        if name in self._topics:
            raise Failure(ErrorCode.topic_already_exists, f"topic {name!r} exists already")
        count = self._settings.default_partitions if partitions is None else partitions
        if count < 1:
            raise Failure(ErrorCode.invalid_partitions, f"a topic has at least one partition, got {count}")
        self._check_room(count)
        _check_configs(configs or {})
        topic = Topic(name, count, configs or {}, self._settings)
        if not dry:
            self._topics[name] = topic
        return topic

    def delete(self, name: str) -> None:
        """
        Raises:
            Failure: UNKNOWN_TOPIC_OR_PARTITION.
        """
        topic = self.get(name)
        del self._topics[name]
        for log in topic.partitions:
            log.wake()

    def grow(self, name: str, count: int, *, dry: bool = False) -> None:
        """
        Give a topic more partitions, `count` in all; with `dry` only check that it can be done.

        Raises:
            Failure: UNKNOWN_TOPIC_OR_PARTITION, INVALID_PARTITIONS, POLICY_VIOLATION.
        """
        topic = self.get(name)
        more = count - len(topic.partitions)
        if more < 1:
            message = f"topic {name!r} has {len(topic.partitions)} partitions already; they can only become more"
            raise Failure(ErrorCode.invalid_partitions, message)
        self._check_room(more)
        if not dry:
            topic.partitions.extend(PartitionLog() for _ in range(more))

    def _check_room(self, more: int) -> None:
        limit = self._settings.max_partitions
        if sum(len(topic.partitions) for topic in self) + more > limit:
            raise Failure(ErrorCode.policy_violation, f"this broker has at most {limit} partitions; delete topics")


def _check_name(name: str) -> None:
    if name in (".", "..") or not _NAME.fullmatch(name):
        message = "a topic's name has 1 to 249 letters, digits, '.', '_' and '-', and is not '.' or '..'"
        raise Failure(ErrorCode.invalid_topic_exception, message)


def _check_configs(configs: Mapping[str, str]) -> None:
    for name in configs:
        if name not in _ACCEPTED:
            raise Failure(ErrorCode.invalid_config, f"unknown topic config name: {name[:100]}")
    for name in (MAX_MESSAGE, RETENTION):
        _size(configs, name, 0)


def _size(configs: Mapping[str, str], name: str, default: int) -> int:
    try:
        return int(configs.get(name, default))
    except ValueError:
        raise Failure(ErrorCode.invalid_config, f"{name}: not a number") from None
