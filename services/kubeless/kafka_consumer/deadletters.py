"""
Dead letters as records of a Kafka topic: key, value and headers of the original byte for byte, and our headers.

A write returns when all replicas in sync have the record. The topic is made when the first letter needs it, with as
many partitions and replicas as the source topic has: then letters stand in the partition the event came from, and keep
its order. It takes records as large as can be written at all, whatever the limit of the source topic is or becomes and
however well its records were compressed: what could be read can be kept. One producer serves all triggers; after an
error it is replaced, for an idempotent producer that failed once may refuse everything from then on.
"""

import asyncio
from typing import Any, NamedTuple, Self

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import (
    InvalidConfigurationError,
    KafkaError,
    MessageSizeTooLargeError,
    PolicyViolationError,
    TopicAlreadyExistsError,
    for_code,
)

from kubeless.core.errors import InvalidField, KubelessError
from kubeless.delivery.deadletter import DeadLetter, DeadLetterFailed
from kubeless.kafka_consumer import foreign
from kubeless.kafka_consumer.connection import LARGEST_REQUEST, Connection
from kubeless.kafka_consumer.records import letter_record
from kubeless.manage.kafkanames import check_topic

log = structlog.get_logger(__name__)

WRITE_TIMEOUT = 25.0
"""Seconds for one letter, the making of its topic included."""

FAILED_LEADER = 5
UNKNOWN_TOPIC = 3

LARGE = {"max.message.bytes": str(LARGEST_REQUEST)}
"""How a topic of letters is configured, where the cluster lets us."""
_NOT_LARGE = frozenset({InvalidConfigurationError.errno, PolicyViolationError.errno})


class Shape(NamedTuple):
    """How large a topic is."""

    partitions: int
    replicas: int


class DeadLetters:
    """The producer and what is known of topics; an async context manager that closes the producer."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._producer: AIOKafkaProducer | None = None
        self._generation = 0
        self._lock = asyncio.Lock()
        self._partitions: dict[str, int] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._discard(self._producer)

    def sink(self, topic: str, source: str) -> "TopicSink":
        """Where the letters of one trigger go; `source` is the topic the events come from."""
        return TopicSink(self, topic, source)

    async def write(self, letter: DeadLetter, topic: str, source: str) -> None:
        """Store `letter`; raises DeadLetterFailed, which says why."""
        producer: AIOKafkaProducer | None = None
        try:
            check_topic(topic)
            async with asyncio.timeout(WRITE_TIMEOUT):
                count = await self._ensure(topic, source)
                producer = await self._current()
                await _send(producer, letter, topic, count)
        except InvalidField as error:
            raise DeadLetterFailed(f"spec.delivery.deadLetter.topic has to be set: {error}") from error
        except MessageSizeTooLargeError as error:
            raise DeadLetterFailed(
                f"topic {topic} refuses the dead letter of {letter.event.id} as too large; raise its max.message.bytes"
            ) from error
        except (KafkaError, KubelessError, OSError, TimeoutError, AssertionError) as error:
            self._partitions.pop(topic, None)
            await self._discard(producer)
            raise DeadLetterFailed(f"cannot write to topic {topic}: {error or type(error).__name__}") from error

    async def _current(self) -> AIOKafkaProducer:
        async with self._lock:
            if self._generation != self._connection.generation:
                await self._discard(self._producer)
            if self._producer is None:
                producer = self._connection.new_producer()
                try:
                    await foreign.finish(producer.start())
                except BaseException:
                    await foreign.close(producer.stop())
                    raise
                self._producer, self._generation = producer, self._connection.generation
            return self._producer

    async def _discard(self, producer: AIOKafkaProducer | None) -> None:
        """Close `producer`, unless somebody else has done so; letters that it still holds are sent first."""
        if producer is not self._producer or producer is None:
            return
        self._producer = None
        await foreign.close(producer.stop())

    async def _ensure(self, topic: str, source: str) -> int:
        """The number of partitions of `topic`, which is made if it is missing."""
        known = self._partitions.get(topic)
        if known is not None:
            return known
        async with self._connection.admin() as admin:
            shape = await _find(admin, topic)
            if shape is None:
                like = await _find(admin, source) or Shape(1, 1)
                await make_topic(admin, topic, like)
                shape = like
                log.info("dead-letter topic made", topic=topic, partitions=like.partitions, replicas=like.replicas)
        self._partitions[topic] = shape.partitions
        return shape.partitions


class TopicSink:
    """A `DeadLetterSink`."""

    def __init__(self, letters: DeadLetters, topic: str, source: str) -> None:
        self.topic = topic
        self._letters = letters
        self._source = source

    async def write(self, letter: DeadLetter) -> None:
        """See `DeadLetterSink`."""
        await self._letters.write(letter, self.topic, self._source)


async def _send(producer: AIOKafkaProducer, letter: DeadLetter, topic: str, count: int) -> None:
    event = letter.event
    partition = event.partition if isinstance(event.partition, int) and event.partition < count else None
    value, headers = letter_record(letter)
    await producer.partitions_for(topic)  # `send` wants it to be known
    await producer.send_and_wait(topic, value, key=event.key, partition=partition, headers=headers)


async def _find(admin: AIOKafkaAdminClient, topic: str) -> Shape | None:
    found: list[dict[str, Any]] = await admin.describe_topics([topic])
    entry = next((each for each in found if each["topic"] == topic), None)
    if entry is None or entry["error_code"] == UNKNOWN_TOPIC:
        return None
    if entry["error_code"] and entry["error_code"] != FAILED_LEADER:
        raise for_code(entry["error_code"])()
    partitions = entry["partitions"]
    return Shape(max(1, len(partitions)), max((len(each["replicas"]) for each in partitions), default=1))


async def make_topic(admin: AIOKafkaAdminClient, topic: str, shape: Shape) -> None:
    """As large as can be, or, where the cluster has rules against that, as it makes topics by itself."""
    code, detail = await _ask_for(admin, NewTopic(topic, shape.partitions, shape.replicas, topic_configs=LARGE))
    if code in _NOT_LARGE:
        log.warning("dead-letter topic is made with the cluster's limits", topic=topic, error=detail)
        code, detail = await _ask_for(admin, NewTopic(topic, shape.partitions, shape.replicas))
    if code and code != TopicAlreadyExistsError.errno:
        raise DeadLetterFailed(f"cannot make topic {topic}: {detail}")


async def _ask_for(admin: AIOKafkaAdminClient, topic: NewTopic) -> tuple[int, str]:
    """The code of the broker's answer, and what it says about it."""
    answer = await admin.create_topics([topic])
    for _, code, *message in answer.topic_errors:
        return code, next((text for text in message if text), "") or str(for_code(code)())
    return 0, ""
