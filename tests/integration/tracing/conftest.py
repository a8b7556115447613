"""A collector, and the broker of ours."""

from collections.abc import AsyncIterator

import pytest

from support.kafkafixtures import embedded_kafka
from support.otlpcollector import Collector, collecting

__all__ = ["embedded_kafka"]


@pytest.fixture
async def collector() -> AsyncIterator[Collector]:
    async with collecting() as made:
        yield made
