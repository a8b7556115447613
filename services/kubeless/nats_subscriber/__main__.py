"""`python -m kubeless.nats_subscriber`: configured by environment variables, see `settings`."""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from kubeless.core import lifecycle, settings
from kubeless.kube.client import KubeClient
from kubeless.nats_subscriber.service import NatsSubscriber, serve
from kubeless.nats_subscriber.settings import Settings


@asynccontextmanager
async def connected() -> AsyncIterator[NatsSubscriber]:
    """The NATS subscriber with a client of its own."""
    configuration = settings.load(Settings, os.environ)
    async with await KubeClient.connect() as client, serve(configuration, client) as subscriber:
        yield subscriber


if __name__ == "__main__":
    sys.exit(lifecycle.main(connected))
