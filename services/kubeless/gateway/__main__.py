"""`python -m kubeless.gateway`: configured by environment variables, see `settings`."""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from kubeless.core import lifecycle, logs, settings
from kubeless.gateway.service import Gateway, serve
from kubeless.gateway.settings import Settings
from kubeless.kube.client import KubeClient


@asynccontextmanager
async def connected() -> AsyncIterator[Gateway]:
    """The gateway with a client of its own."""
    configuration = settings.load(Settings, os.environ)
    async with await KubeClient.connect() as client, serve(configuration, client) as gateway:
        yield gateway


if __name__ == "__main__":
    logs.configure()
    sys.exit(lifecycle.main(connected))
