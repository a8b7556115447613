"""confluent-kafka, which is librdkafka: the client of most languages but Java. It blocks, so it runs in threads."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from support.kafkaclient import (
    FETCH_WAIT,
    HEARTBEAT_INTERVAL,
    MAX_REQUEST,
    POLL_TIME,
    SESSION_TIMEOUT,
    Record,
    TooLarge,
)

_TIMEOUT = 10.0
_CREATE_TIME = 1


class LibrdkafkaMember:
    """A consumer that reads with `consume`."""

    def __init__(self, consumer: Any) -> None:
        self._consumer = consumer

    async def poll(self) -> list[Record]:
        messages = await asyncio.to_thread(self._consumer.consume, 500, POLL_TIME)
        for message in messages:
            if message.error():
                raise KafkaException(message.error())
        return [_record(message) for message in messages]

    async def assignment(self) -> set[int]:
        return {each.partition for each in self._consumer.assignment()}

    async def commit(self) -> None:
        await asyncio.to_thread(self._consumer.commit, asynchronous=False)


class LibrdkafkaClient:
    """The client of one broker."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap

    async def create_topic(self, topic: str, partitions: int) -> None:
        admin = self._admin()
        await asyncio.to_thread(admin.create_topics([NewTopic(topic, partitions, 1)])[topic].result, _TIMEOUT)

    async def delete_topic(self, topic: str) -> None:
        admin = self._admin()
        await asyncio.to_thread(admin.delete_topics([topic])[topic].result, _TIMEOUT)

    async def topics(self) -> set[str]:
        return set((await asyncio.to_thread(self._admin().list_topics, timeout=_TIMEOUT)).topics)

    async def produce(
        self, topic: str, records: list[Record], *, compression: str = "none", idempotent: bool = False
    ) -> list[int]:
        return await asyncio.to_thread(self._produce, topic, records, compression, idempotent)

    def _produce(self, topic: str, records: list[Record], compression: str, idempotent: bool) -> list[int]:
        settings = {"compression.type": compression, "enable.idempotence": idempotent, "linger.ms": 5}
        producer = Producer({**self._settings, **settings, "message.max.bytes": MAX_REQUEST})
        reports: dict[int, Any] = {}

        def reporter(index: int) -> Callable[[Any, Any], None]:
            return lambda error, message: reports.update({index: error or message})

        for index, each in enumerate(records):
            producer.produce(
                topic,
                each.value,
                each.key,
                each.partition,
                on_delivery=reporter(index),
                timestamp=each.timestamp,
                headers=list(each.headers),
            )
        producer.flush(_TIMEOUT)
        for report in reports.values():
            if isinstance(report, KafkaError):
                raise TooLarge if report.code() == KafkaError.MSG_SIZE_TOO_LARGE else KafkaException(report)
        return [reports[index].offset() for index in range(len(records))]

    async def offset_at(self, topic: str, partition: int, timestamp: int) -> int | None:
        return await asyncio.to_thread(self._offset_at, topic, partition, timestamp)

    def _offset_at(self, topic: str, partition: int, timestamp: int) -> int | None:
        consumer = Consumer({**self._settings, "group.id": "unused"})
        try:
            (found,) = consumer.offsets_for_times([TopicPartition(topic, partition, timestamp)], _TIMEOUT)
            return found.offset if found.offset >= 0 else None
        finally:
            consumer.close()

    async def committed(self, topic: str, group: str) -> dict[int, int]:
        admin = self._admin()  # an answer comes only while its client lives
        asked = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)])[group]
        answer = await asyncio.to_thread(asked.result, _TIMEOUT)
        return {each.partition: each.offset for each in answer.topic_partitions if each.topic == topic}

    @asynccontextmanager
    async def member(self, topic: str, group: str) -> AsyncIterator[LibrdkafkaMember]:
        settings = {
            "group.id": group,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "fetch.wait.max.ms": int(FETCH_WAIT * 1000),
            "session.timeout.ms": int(SESSION_TIMEOUT * 1000),
            "heartbeat.interval.ms": int(HEARTBEAT_INTERVAL * 1000),
        }
        consumer = Consumer({**self._settings, **settings})
        consumer.subscribe([topic])
        try:
            yield LibrdkafkaMember(consumer)
        finally:
            await asyncio.to_thread(consumer.close)

    @property
    def _settings(self) -> dict[str, Any]:
        return {"bootstrap.servers": self._bootstrap}

    def _admin(self) -> Any:
        return AdminClient(self._settings)


def _record(message: Any) -> Record:
    kind, timestamp = message.timestamp()
    assert kind == _CREATE_TIME
    headers = tuple(message.headers() or ())
    return Record(message.value(), message.key(), headers, message.partition(), timestamp)
