"""The brokers, and a world around each."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from support.kafkafixtures import Kafka, embedded_kafka, kafka, own_kafka, real_kafka
from support.kafkaworld import World, make_world

__all__ = ["embedded_kafka", "kafka", "own_kafka", "real_kafka"]


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as client:
        yield client


@pytest.fixture
async def world(kafka: Kafka) -> AsyncIterator[World]:
    """A world with each broker in turn."""
    async with make_world(kafka.bootstrap) as made:
        yield made
