"""What all parts need: a cluster with one fast function, the ledger of that function, and services in processes."""

import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from socket import create_server

import aiohttp

from bench import cores
from bench.processes import first_line, python, running
from bench.report import Report
from kubeless.api.resource import FUNCTIONS
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.resources import ENDPOINT_SLICES
from support.kafkaworld import NAMESPACE, World, endpoint_slice, make_world, until

FUNCTION = "fast"


@dataclass(frozen=True, slots=True)
class Scene:
    """One run: where things are."""

    report: Report
    folder: Path
    world: World
    http: aiohttp.ClientSession
    upstream: int
    """Port of the fast function."""

    @property
    def log(self) -> Path:
        """Where processes write what nobody wants to see unless they fail."""
        return self.folder / "log"

    async def ledger(self) -> JsonObject:
        """What the function got since the last `reset`."""
        async with self.http.get(f"http://127.0.0.1:{self.upstream}/ledger") as response:
            told: JsonObject = await response.json()
            return told

    async def reset(self) -> None:
        """Empty the ledger."""
        async with self.http.get(f"http://127.0.0.1:{self.upstream}/reset") as response:
            await response.read()

    async def until_answers(self, port: int, path: str) -> None:
        """Wait until something answers 200."""

        async def answers() -> bool:
            try:
                async with self.http.get(f"http://127.0.0.1:{port}{path}") as response:
                    return response.status == 200
            except aiohttp.ClientError:
                return False

        await until(answers)

    @asynccontextmanager
    async def service(self, name: str, environment: Mapping[str, str], *, admin: str) -> AsyncIterator[int]:
        """A service of ours as it runs in a pod, on the measured core; `admin` names its admin port's variable."""
        port = free_port()
        paths = {"KUBECONFIG": str(self.folder / "kubeconfig"), admin: str(port), "LEADER_ELECTION": "false"}
        paths.update(environment)
        command = python(f"kubeless.{name}")
        with running(*command, role=cores.MEASURED, log=self.log, env=paths, quiet=True) as it:
            await self.until_answers(port, "/readyz")
            yield it.pid


@asynccontextmanager
async def setting(report: Report, folder: Path, bootstrap: str = "") -> AsyncIterator[Scene]:
    """A fresh cluster for some measurements."""
    upstream = running(*python("bench.upstream"), role=cores.LOAD, log=folder / "log")
    with upstream as process:
        port = int(await first_line(process))
        async with make_world(bootstrap) as world, aiohttp.ClientSession() as http:
            await _make_function(world, port)
            (folder / "kubeconfig").write_text(_kubeconfig(world))
            yield Scene(report, folder, world, http, port)


async def _make_function(world: World, port: int) -> None:
    function = {
        "apiVersion": FUNCTIONS.api_version,
        "kind": FUNCTIONS.kind,
        "metadata": {"name": FUNCTION, "namespace": NAMESPACE, "labels": {"function": FUNCTION}},
        "spec": {"handler": "a.b", "runtime": "python3.11", "function": "x"},
    }
    await world.client.create(FUNCTIONS, function)
    await world.client.create(ENDPOINT_SLICES, endpoint_slice(FUNCTION, port))


def _kubeconfig(world: World) -> str:
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "bench",
            "clusters": [{"name": "bench", "cluster": {"server": world.client.server}}],
            "contexts": [{"name": "bench", "context": {"cluster": "bench", "user": "bench"}}],
            "users": [{"name": "bench", "user": {}}],
        }
    )


def free_port() -> int:
    """A port that nothing listens on."""
    with closing(create_server(("127.0.0.1", 0))) as listener:
        return int(listener.getsockname()[1])


def stopwatch() -> float:
    """Seconds, of the clock that producer and function share."""
    return time.monotonic()
