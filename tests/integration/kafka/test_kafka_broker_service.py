"""The embedded broker as a service: hostile clients, limits, stop and start."""

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiokafka.protocol.metadata import MetadataRequest

from kubeless.core.ports import PortTaken
from kubeless.local.kafka.broker import KafkaBroker
from kubeless.local.kafka.settings import BrokerSettings
from support.aiokafkaclient import AiokafkaClient
from support.kafkaclient import Record

API_VERSIONS = struct.pack(">hhih", 18, 0, 1, -1)


@asynccontextmanager
async def connected(broker: KafkaBroker) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", broker.port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def is_closed(reader: asyncio.StreamReader) -> bool:
    """Whether the broker ends the connection; fails if it does not within seconds."""
    async with asyncio.timeout(5):
        try:
            return await reader.read() == b""
        except ConnectionError:
            return True


async def ask_versions(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    writer.write(struct.pack(">i", len(API_VERSIONS)) + API_VERSIONS)
    async with asyncio.timeout(5):
        (length,) = struct.unpack(">i", await reader.readexactly(4))
        return await reader.readexactly(length)


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        struct.pack(">i", -1),
        struct.pack(">i", 0),
        struct.pack(">i", 2**31 - 1),
        struct.pack(">i", 4) + b"\0\0\0\0",
        struct.pack(">ihhihi", 14, 3, 1, 1, -1, 2**31 - 1),
        struct.pack(">ihhih", 10, 17, 0, 1, -1),
    ],
    ids=["http", "negative", "empty", "huge", "short", "array-bomb", "unknown-api"],
)
async def test_what_is_not_the_protocol_ends_its_connection_and_no_other(
    embedded_kafka: KafkaBroker, data: bytes
) -> None:
    async with connected(embedded_kafka) as (reader, writer), connected(embedded_kafka) as other:
        writer.write(data)
        assert await is_closed(reader)
        assert await ask_versions(*other)


async def test_a_client_that_goes_in_the_middle_of_a_request_is_forgotten(embedded_kafka: KafkaBroker) -> None:
    async with connected(embedded_kafka) as (_, writer):
        writer.write(struct.pack(">i", 1000) + b"half")
    async with connected(embedded_kafka) as other:
        assert await ask_versions(*other)


async def test_connections_are_bounded() -> None:
    async with KafkaBroker(settings=BrokerSettings(max_connections=1)) as broker, connected(broker) as first:
        assert await ask_versions(*first)
        async with connected(broker) as (reader, _):
            assert await is_closed(reader)


async def test_leaving_ends_connections_that_wait() -> None:
    async with KafkaBroker() as broker:
        reader, writer = await asyncio.open_connection("127.0.0.1", broker.port)
        assert await ask_versions(reader, writer)
    assert await is_closed(reader)
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


async def test_a_port_that_is_taken_is_named(embedded_kafka: KafkaBroker) -> None:
    with pytest.raises(PortTaken, match=str(embedded_kafka.port)):
        async with KafkaBroker(port=embedded_kafka.port):
            pass


async def test_a_broker_that_is_started_again_has_its_messages_and_offsets_on_the_same_port() -> None:
    broker = KafkaBroker()
    async with broker:
        client = AiokafkaClient(broker.bootstrap)
        await client.create_topic("kept", 1)
        await client.produce("kept", [Record(b"before")])
    async with broker:
        assert await client.produce("kept", [Record(b"after")]) == [1]
        async with client.member("kept", "group") as member:
            found: list[Record] = []
            async with asyncio.timeout(10):
                while len(found) < 2:
                    found += await member.poll()
    assert [each.value for each in found] == [b"before", b"after"]


async def test_the_oldest_messages_go_when_a_partition_is_full() -> None:
    async with KafkaBroker(settings=BrokerSettings(partition_bytes=200_000)) as broker:
        client = AiokafkaClient(broker.bootstrap)
        await client.create_topic("full", 1)
        for _ in range(6):
            await client.produce("full", [Record(b"x" * 50_000)])
        async with client.member("full", "group") as member:
            async with asyncio.timeout(10):
                while not (found := await member.poll()):
                    pass
    assert len(found) == 3


@pytest.mark.parametrize("auto_create", [False, True])
async def test_topics_are_made_by_asking_only_where_that_is_wanted(
    auto_create: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The Kafka consumer keeps aiokafka from asking for topics to be made, wherever in the process it is imported.
    monkeypatch.setattr("aiokafka.client.MetadataRequest", MetadataRequest)
    async with KafkaBroker(settings=BrokerSettings(auto_create_topics=auto_create)) as broker:
        client = AiokafkaClient(broker.bootstrap)
        try:
            async with asyncio.timeout(1.0):
                await client.produce("asked", [Record(b"")])
        except TimeoutError:
            assert not auto_create
        assert await client.topics() == ({"asked"} if auto_create else set())
