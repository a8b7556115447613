"""`python -m kubeless.gateway`: configured by environment variables, see `settings`."""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from kubeless.core import lifecycle, settings
from kubeless.gateway import workers
from kubeless.gateway.service import serve
from kubeless.gateway.settings import Settings
from kubeless.kube.client import KubeClient


@asynccontextmanager
async def gateway() -> AsyncIterator[None]:
    """The gateway, in this process or in several below it."""
    configuration = settings.load(Settings, os.environ)
    if configuration.workers > 1:
        async with workers.serve(configuration):
            yield
    else:
        async with await KubeClient.connect() as client, serve(configuration, client):
            yield


if __name__ == "__main__":
    sys.exit(lifecycle.main(gateway))
