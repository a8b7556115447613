"""What tools ask of a cluster, asked by librdkafka of the embedded broker and of Apache Kafka."""

import asyncio
import time
import uuid
from typing import Any

import pytest
from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka import admin as confluent_admin

from support.kafkaclient import Record
from support.kafkafixtures import Kafka
from support.librdkafkaclient import LibrdkafkaClient

TIMEOUT = 10.0

kit: Any = confluent_admin  # has no full types


@pytest.fixture
def client(kafka: Kafka) -> LibrdkafkaClient:
    return LibrdkafkaClient(kafka.bootstrap)


@pytest.fixture
def admin(kafka: Kafka) -> Any:
    return kit.AdminClient({"bootstrap.servers": kafka.bootstrap})


@pytest.fixture
async def topic(client: LibrdkafkaClient) -> str:
    """A topic with three messages, the second of which has the highest timestamp."""
    name = f"test-{uuid.uuid4().hex[:12]}"
    await client.create_topic(name, 1)
    await client.produce(name, [Record(b"", timestamp=each) for each in (1_000, 3_000, 2_000)])
    return name


async def result(asked: Any) -> Any:
    """The answer to the one thing asked for."""
    futures = list(asked.values()) if isinstance(asked, dict) else [asked]
    return await asyncio.to_thread(futures[0].result, TIMEOUT)


async def offset(admin: Any, topic: str, spec: object) -> int:
    answer = await result(admin.list_offsets({TopicPartition(topic, 0): spec}))
    found: int = answer.offset
    return found


async def test_the_ends_of_a_log_and_its_newest_message_are_known(admin: Any, topic: str) -> None:
    specs = (kit.OffsetSpec.earliest(), kit.OffsetSpec.latest(), kit.OffsetSpec.max_timestamp())
    assert [await offset(admin, topic, spec) for spec in specs] == [0, 3, 1]


async def test_records_are_deleted_up_to_an_offset(admin: Any, topic: str, client: LibrdkafkaClient) -> None:
    deleted = await result(admin.delete_records([TopicPartition(topic, 0, 2)]))

    assert deleted.low_watermark == 2
    assert await offset(admin, topic, kit.OffsetSpec.earliest()) == 2
    async with client.member(topic, topic) as member, asyncio.timeout(TIMEOUT):
        while not (found := await member.poll()):
            pass
    assert [each.timestamp for each in found] == [2_000]


async def test_a_topic_is_given_more_partitions(admin: Any, topic: str, client: LibrdkafkaClient) -> None:
    await result(admin.create_partitions([kit.NewPartitions(topic, 3)]))

    deadline = time.monotonic() + TIMEOUT
    while len((await asyncio.to_thread(admin.list_topics, topic)).topics[topic].partitions) < 3:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)
    assert await client.produce(topic, [Record(b"", partition=2)]) == [0]
    with pytest.raises(KafkaException):
        await result(admin.create_partitions([kit.NewPartitions(topic, 1)]))


async def test_the_configuration_of_a_topic_is_told(admin: Any, topic: str) -> None:
    configs = await result(admin.describe_configs([kit.ConfigResource(kit.ResourceType.TOPIC, topic)]))
    assert configs["cleanup.policy"].value == "delete"
    assert int(configs["max.message.bytes"].value) == 1_048_588


async def test_a_group_is_listed_described_and_deleted_once_it_is_empty(
    admin: Any, topic: str, client: LibrdkafkaClient
) -> None:
    async with client.member(topic, topic) as member:
        async with asyncio.timeout(TIMEOUT):
            while not await member.poll():
                pass
        await member.commit()
        described = await result(admin.describe_consumer_groups([topic]))
        assert described.state.name == "STABLE"
        assert [len(each.assignment.topic_partitions) for each in described.members] == [1]
        with pytest.raises(KafkaException):
            await result(admin.delete_consumer_groups([topic]))

    listed = await result(admin.list_consumer_groups())
    assert [each.state.name for each in listed.valid if each.group_id == topic] == ["EMPTY"]
    await result(admin.delete_consumer_groups([topic]))
    listed = await result(admin.list_consumer_groups())
    assert topic not in {each.group_id for each in listed.valid}
