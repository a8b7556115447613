"""`python -m kubeless.controller`: the controller in a pod."""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from kubeless.controller.service import serve
from kubeless.controller.settings import Settings
from kubeless.core import lifecycle, logs
from kubeless.core.settings import load
from kubeless.kube.client import KubeClient


@asynccontextmanager
async def _serve(settings: Settings) -> AsyncIterator[None]:
    async with await KubeClient.connect() as client, serve(settings, client):
        yield


def main() -> int:
    """Run until told to stop; returns the exit code."""
    logs.configure(json=not sys.stderr.isatty())
    settings = load(Settings)
    # The Go controller had one variable per runtime, so their names are not known in advance.
    overrides = tuple(f"{name}={value}" for name, value in os.environ.items() if name.endswith("_RUNTIME"))
    settings = replace(settings, image_overrides=(*overrides, *settings.image_overrides))
    return lifecycle.main(lambda: _serve(settings))


if __name__ == "__main__":
    sys.exit(main())
