"""
The same cases with several clients against the embedded broker and against Apache Kafka: neither the clients nor we can
tell the difference.
"""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack

import pytest

from support.aiokafkaclient import AiokafkaClient
from support.javaclient import JavaClient, JavaProcess
from support.kafkaclient import GroupMember, KafkaClient, Record, TooLarge
from support.kafkafixtures import Kafka
from support.librdkafkaclient import LibrdkafkaClient

DEADLINE = 20.0
CODECS = ["gzip", "snappy", "lz4", "zstd"]


@pytest.fixture(params=["aiokafka", "librdkafka", "java"])
def client(request: pytest.FixtureRequest, kafka: Kafka) -> KafkaClient:
    """Each client, of each broker."""
    if request.param == "aiokafka":
        return AiokafkaClient(kafka.bootstrap)
    if request.param == "librdkafka":
        return LibrdkafkaClient(kafka.bootstrap)
    process: JavaProcess = request.getfixturevalue("java_process")
    return JavaClient(process, kafka.bootstrap)


@pytest.fixture
def name() -> str:
    """A name for topic and group that no other test has: Apache Kafka is shared."""
    return f"test-{uuid.uuid4().hex[:12]}"


@pytest.fixture
async def topic(client: KafkaClient, name: str) -> AsyncIterator[str]:
    """A topic with three partitions."""
    await client.create_topic(name, 3)
    yield name
    await client.delete_topic(name)


async def read(members: Sequence[GroupMember], enough: Callable[[list[Record]], bool]) -> list[Record]:
    """Poll all members at the same time until what they got, together, is enough."""
    found: list[Record] = []
    async with asyncio.timeout(DEADLINE):
        while not enough(found):
            for records in await asyncio.gather(*(member.poll() for member in members)):
                found += records
    return found


async def settle(members: Sequence[GroupMember], partitions: int) -> list[Record]:
    """Poll until the members share all partitions, each having its part. Returns what they read on the way."""
    found: list[Record] = []
    async with asyncio.timeout(DEADLINE):
        while True:
            for records in await asyncio.gather(*(member.poll() for member in members)):
                found += records
            parts = [await member.assignment() for member in members]
            if all(parts) and sorted(each for part in parts for each in part) == list(range(partitions)):
                return found


async def test_keys_headers_timestamps_and_null_values_come_back_as_sent(client: KafkaClient, topic: str) -> None:
    sent = [
        Record(b"plain"),
        Record(b"\x00\xff binary", b"\xfe key", (("a", b"1"), ("a", b"2"), ("empty", b"")), partition=1),
        Record(None, b"deleted", partition=2, timestamp=1_600_000_000_123),
        Record(b"", b""),
    ]

    await client.produce(topic, sent)
    async with client.member(topic, topic) as member:
        received = await read([member], lambda found: len(found) >= len(sent))

    assert sorted(received, key=repr) == sorted(sent, key=repr)


@pytest.mark.parametrize("codec", CODECS)
async def test_compressed_messages_come_back_in_order(client: KafkaClient, topic: str, codec: str) -> None:
    sent = [Record(b"value %d " % number * 20) for number in range(200)]

    await client.produce(topic, sent, compression=codec)
    async with client.member(topic, topic) as member:
        received = await read([member], lambda found: len(found) >= len(sent))

    assert received == sent


async def test_an_idempotent_producer_is_served(client: KafkaClient, topic: str) -> None:
    sent = [Record(b"%d" % number, partition=number % 3) for number in range(30)]

    offsets = await client.produce(topic, sent, idempotent=True)

    assert offsets == [number // 3 for number in range(30)]


async def test_a_message_beyond_the_limit_is_refused_and_the_next_one_taken(client: KafkaClient, topic: str) -> None:
    with pytest.raises(TooLarge):
        await client.produce(topic, [Record(b"x" * 2_000_000)])

    assert await client.produce(topic, [Record(b"x" * 1_000_000)]) == [0]
    async with client.member(topic, topic) as member:
        (received,) = await read([member], bool)
    assert len(received.value or b"") == 1_000_000


async def test_members_share_partitions_and_take_over_from_one_that_leaves(client: KafkaClient, topic: str) -> None:
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(client.member(topic, topic))
        await settle([first], 3)
        second = await stack.enter_async_context(client.member(topic, topic))
        await settle([first, second], 3)
        async with client.member(topic, topic) as third:
            await settle([first, second, third], 3)
            assert await third.assignment()
        await settle([first, second], 3)

        await client.produce(topic, [Record(b"%d" % number, partition=number) for number in range(3)])
        received = await read([first, second], lambda found: len(found) >= 3)

    assert sorted(each.value or b"" for each in received) == [b"0", b"1", b"2"]


async def test_a_group_goes_on_where_it_committed(client: KafkaClient, topic: str) -> None:
    await client.produce(topic, [Record(b"%d" % number, partition=1) for number in range(10)])
    async with client.member(topic, topic) as member:
        await read([member], lambda found: len(found) >= 10)
        await member.commit()
    await client.produce(topic, [Record(b"new", partition=1)])

    async with client.member(topic, topic) as member:
        received = await read([member], bool)

    assert [each.value for each in received] == [b"new"]
    assert (await client.committed(topic, topic))[1] == 10


async def test_what_was_not_committed_comes_again(client: KafkaClient, topic: str) -> None:
    await client.produce(topic, [Record(b"once more")])
    for _ in range(2):
        async with client.member(topic, topic) as member:
            received = await read([member], bool)
        assert [each.value for each in received] == [b"once more"]


async def test_offsets_are_found_by_time(client: KafkaClient, topic: str) -> None:
    times = [1_000, 3_000, 2_000, 5_000]
    await client.produce(topic, [Record(b"", timestamp=each) for each in times])

    found = [await client.offset_at(topic, 0, each) for each in (0, 1_001, 3_001, 5_000, 5_001)]

    assert found == [0, 1, 3, 3, None]


async def test_topics_come_and_go(client: KafkaClient, name: str) -> None:
    assert name not in await client.topics()
    await client.create_topic(name, 2)
    assert name in await client.topics()
    with pytest.raises(Exception, match=r"(?i)exist"):
        await client.create_topic(name, 2)
    await client.delete_topic(name)
    await _until_gone(client, name)


async def test_a_topic_that_is_made_again_starts_empty_and_without_offsets(client: KafkaClient, name: str) -> None:
    await client.create_topic(name, 1)
    await client.produce(name, [Record(b"old")])
    async with client.member(name, name) as member:
        await read([member], bool)
        await member.commit()
    await client.delete_topic(name)
    await _until_gone(client, name)
    # Apache Kafka forgets the offsets a moment after the topic.
    deadline = time.monotonic() + DEADLINE
    while (await client.committed(name, name)).get(0, -1) >= 0:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)

    await client.create_topic(name, 1)
    await client.produce(name, [Record(b"new")])
    async with client.member(name, name) as member:
        received = await read([member], bool)

    assert [each.value for each in received] == [b"new"]


async def _until_gone(client: KafkaClient, topic: str) -> None:
    deadline = time.monotonic() + DEADLINE
    while topic in await client.topics():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)
