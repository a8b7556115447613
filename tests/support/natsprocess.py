"""The NATS subscriber in a process of its own, which tests may kill."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from support.natsworld import QUICK, World


@asynccontextmanager
async def subscriber_process(world: World, folder: Path, **settings: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """The service in a process of its own, killed on the way out."""
    kubeconfig = folder / "kubeconfig"
    kubeconfig.write_text(json.dumps(_kubeconfig(world.client.server)))
    environment = QUICK | {"KUBECONFIG": str(kubeconfig), "NATS_URL": world.url, "PYTHONPATH": "services"}
    environment |= settings
    with (folder / "subscriber.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "kubeless.nats_subscriber", env=os.environ | environment, stdout=log, stderr=log
        )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def _kubeconfig(server: str) -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "test", "cluster": {"server": server}}],
        "users": [{"name": "test", "user": {}}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
        "current-context": "test",
    }
