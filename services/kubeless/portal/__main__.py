"""`python -m kubeless.portal`: configured by environment variables, see `settings`."""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from kubeless.core import lifecycle, settings
from kubeless.kube.accounts import Accounts
from kubeless.portal.service import Portal, serve
from kubeless.portal.settings import Settings


@asynccontextmanager
async def connected() -> AsyncIterator[Portal]:
    """The portal of the cluster that the surroundings name."""
    configuration = settings.load(Settings, os.environ)
    async with serve(configuration, await Accounts.find()) as portal:
        yield portal


if __name__ == "__main__":
    sys.exit(lifecycle.main(connected))
