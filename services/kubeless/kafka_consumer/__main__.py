"""`python -m kubeless.kafka_consumer`: configured by environment variables, see `settings`."""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from kubeless.core import lifecycle, settings
from kubeless.kafka_consumer.service import KafkaConsumer, serve
from kubeless.kafka_consumer.settings import Settings
from kubeless.kube.client import KubeClient


@asynccontextmanager
async def connected() -> AsyncIterator[KafkaConsumer]:
    """The Kafka consumer with a client of its own."""
    configuration = settings.load(Settings, os.environ)
    async with await KubeClient.connect() as client, serve(configuration, client) as consumer:
        yield consumer


if __name__ == "__main__":
    sys.exit(lifecycle.main(connected))
