"""`python -m kubeless.controller`: configured by environment variables, see `settings`."""

import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace

from kubeless.controller.service import serve
from kubeless.controller.settings import Settings
from kubeless.core import lifecycle
from kubeless.core.settings import load
from kubeless.kube.client import KubeClient


@asynccontextmanager
async def connected() -> AsyncIterator[None]:
    """The controller with a client of its own."""
    settings = read_settings(os.environ)
    async with await KubeClient.connect() as client, serve(settings, client):
        yield


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Raises SettingError. The Go controller had one variable per runtime, so their names are not known in advance."""
    settings = load(Settings, environ)
    overrides = tuple(f"{name}={value}" for name, value in environ.items() if name.endswith("_RUNTIME"))
    return replace(settings, image_overrides=(*overrides, *settings.image_overrides))


if __name__ == "__main__":
    sys.exit(lifecycle.main(connected))
