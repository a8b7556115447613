"""`python -m kubeless.cron_scheduler`: configured by environment variables, see `settings`."""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from kubeless.core import lifecycle, settings
from kubeless.cron_scheduler.garbage import collect_when_quiet
from kubeless.cron_scheduler.service import CronScheduler, serve
from kubeless.cron_scheduler.settings import Settings
from kubeless.kube.client import KubeClient


@asynccontextmanager
async def connected() -> AsyncIterator[CronScheduler]:
    """The cron scheduler with a client of its own."""
    configuration = settings.load(Settings, os.environ)
    async with await KubeClient.connect() as client, serve(configuration, client) as service:
        service.scheduler.on_quiet = collect_when_quiet().quiet
        yield service


if __name__ == "__main__":
    sys.exit(lifecycle.main(connected))
