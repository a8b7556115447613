"""The gateway as its own process, or several of them, in front of a cluster that a test keeps."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from support.gatewayworld import ENVIRONMENT, until


@dataclass
class GatewayProcess:
    """A running gateway."""

    process: asyncio.subprocess.Process
    log: Path
    session: aiohttp.ClientSession

    @property
    def started(self) -> dict[str, int]:
        """The ports, from its log; empty before it tells."""
        for line in self.log.read_text().splitlines():
            if '"admin_port"' in line:
                return {key: value for key, value in json.loads(line).items() if key.endswith("port")}
        return {}

    @property
    def url(self) -> str:
        """Where requests go."""
        return f"http://127.0.0.1:{self.started['port']}"

    def workers(self) -> list[int]:
        """The processes below it."""
        pid = self.process.pid
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    async def ready(self) -> bool:
        """What the admin port tells."""
        if not self.started:
            assert self.process.returncode is None, self.log.read_text()
            return False
        with suppress(aiohttp.ClientConnectionError):
            async with self.session.get(f"http://127.0.0.1:{self.started['admin_port']}/readyz") as response:
                return response.status == 200
        return False

    async def metric(self, name: str) -> float:
        """The sum of all samples whose line begins so."""
        async with self.session.get(f"http://127.0.0.1:{self.started['admin_port']}/metrics") as response:
            lines = (await response.text()).splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name))


@asynccontextmanager
async def gateway_process(api: str, folder: Path, **environment: str) -> AsyncIterator[GatewayProcess]:
    """Start one for the API server at a URL and wait until it is ready; it is gone on leaving."""
    kubeconfig = folder / "kubeconfig"
    cluster = {"name": "test", "cluster": {"server": api}}
    context = {"name": "test", "context": {"cluster": "test", "user": "test"}}
    kubeconfig.write_text(
        json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [cluster],
                "contexts": [context],
                "users": [{"name": "test", "user": {}}],
                "current-context": "test",
            }
        )
    )
    log = folder / "gateway.log"
    given = {**os.environ, **ENVIRONMENT, "KUBECONFIG": str(kubeconfig), **environment}
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "kubeless.gateway", env=given, stderr=output, start_new_session=True
        )
    async with aiohttp.ClientSession() as session:
        gateway = GatewayProcess(process, log, session)
        try:
            await until(gateway.ready, what=lambda: f"a gateway that is ready:\n{log.read_text()}")
            yield gateway
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
                await process.wait()
