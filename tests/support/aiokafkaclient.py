"""aiokafka, the client that the platform itself uses."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import MessageSizeTooLargeError, for_code

from support.kafkaclient import (
    FETCH_WAIT,
    HEARTBEAT_INTERVAL,
    MAX_REQUEST,
    POLL_TIME,
    SESSION_TIMEOUT,
    Record,
    TooLarge,
)


class AiokafkaMember:
    """A consumer that reads with `getmany`."""

    def __init__(self, consumer: Any) -> None:
        self._consumer = consumer

    async def poll(self) -> list[Record]:
        batches = await self._consumer.getmany(timeout_ms=int(POLL_TIME * 1000))
        return [_record(message) for messages in batches.values() for message in messages]

    async def assignment(self) -> set[int]:
        return {each.partition for each in self._consumer.assignment()}

    async def commit(self) -> None:
        await self._consumer.commit()


class AiokafkaClient:
    """The client of one broker."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap

    async def create_topic(self, topic: str, partitions: int) -> None:
        async with self._admin() as admin:
            answer = await admin.create_topics([NewTopic(topic, partitions, 1)])
            _raise_first([code for _, code, *_ in answer.topic_errors])

    async def delete_topic(self, topic: str) -> None:
        async with self._admin() as admin:
            answer = await admin.delete_topics([topic])
            _raise_first([code for _, code in answer.topic_error_codes])

    async def topics(self) -> set[str]:
        async with self._admin() as admin:
            return set(await admin.list_topics())

    async def produce(
        self, topic: str, records: list[Record], *, compression: str = "none", idempotent: bool = False
    ) -> list[int]:
        producer = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap,
            compression_type=None if compression == "none" else compression,
            enable_idempotence=idempotent,
            max_request_size=MAX_REQUEST,
        )
        async with producer:
            sent = [
                await producer.send(
                    topic,
                    each.value,
                    key=each.key,
                    headers=list(each.headers),
                    partition=each.partition,
                    timestamp_ms=each.timestamp,
                )
                for each in records
            ]
            try:
                return [(await each).offset for each in sent]
            except MessageSizeTooLargeError as error:
                raise TooLarge from error

    async def offset_at(self, topic: str, partition: int, timestamp: int) -> int | None:
        async with AIOKafkaConsumer(bootstrap_servers=self._bootstrap) as consumer:
            place = TopicPartition(topic, partition)
            found = (await consumer.offsets_for_times({place: timestamp}))[place]
            return None if found is None else int(found.offset)

    async def committed(self, topic: str, group: str) -> dict[int, int]:
        async with self._admin() as admin:
            offsets = await admin.list_consumer_group_offsets(group)
            return {place.partition: int(each.offset) for place, each in offsets.items() if place.topic == topic}

    @asynccontextmanager
    async def member(self, topic: str, group: str) -> AsyncIterator[AiokafkaMember]:
        consumer = AIOKafkaConsumer(
            topic,
            bootstrap_servers=self._bootstrap,
            group_id=group,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            fetch_max_wait_ms=int(FETCH_WAIT * 1000),
            session_timeout_ms=int(SESSION_TIMEOUT * 1000),
            heartbeat_interval_ms=int(HEARTBEAT_INTERVAL * 1000),
        )
        await consumer.start()
        try:
            yield AiokafkaMember(consumer)
        finally:
            async with asyncio.timeout(10):
                await consumer.stop()

    @asynccontextmanager
    async def _admin(self) -> AsyncIterator[Any]:
        admin = AIOKafkaAdminClient(bootstrap_servers=self._bootstrap)
        await admin.start()
        try:
            yield admin
        finally:
            await admin.close()


def _raise_first(codes: list[int]) -> None:
    for code in codes:
        if code:
            raise for_code(code)


def _record(message: Any) -> Record:
    return Record(message.value, message.key, tuple(message.headers), message.partition, message.timestamp)
