"""The brokers: Apache Kafka where it can run, ours otherwise; and a world around each of the two."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from support.kafkafixtures import Kafka, embedded_kafka, kafka, real_kafka
from support.kafkajars import KafkaUnavailable, kafka_jars
from support.kafkaworld import World, make_world

__all__ = ["embedded_kafka", "kafka", "real_kafka"]


@pytest.fixture
def broker(request: pytest.FixtureRequest) -> Kafka:
    """Apache Kafka itself, or the embedded broker on a machine without it."""
    try:
        kafka_jars()
    except KafkaUnavailable:
        name = "embedded_kafka"
    else:
        name = "real_kafka"
    found: Kafka = request.getfixturevalue(name)
    return found


@pytest.fixture
async def world(kafka: Kafka) -> AsyncIterator[World]:
    """A world with each broker in turn."""
    async with make_world(kafka.bootstrap) as made:
        yield made


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as client:
        yield client
