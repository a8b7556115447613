"""The part about the controller: ten thousand functions, made and looked at again."""

import asyncio
import re
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp

from bench import cores
from bench.processes import python, running
from bench.report import Row
from bench.scene import FUNCTION, Scene, free_port
from kubeless.api.resource import FUNCTIONS
from kubeless.kube.resources import DEPLOYMENTS
from support.kafkaworld import NAMESPACE, until

FUNCTIONS_MADE = 10_000
PATIENCE = 600.0
CHANGES = 20
_CREATORS = 32
_SOURCE = "def run(event, context):\n    return event['data']\n" * 40
"""About 2 kB, as functions have."""


@dataclass(frozen=True, slots=True)
class _Process:
    """The controller in a process of its own."""

    scene: Scene
    pid: int
    port: int
    began: float

    async def metrics(self) -> str:
        try:
            async with self.scene.http.get(f"http://127.0.0.1:{self.port}/metrics") as response:
                return await response.text()
        except aiohttp.ClientError:
            return ""

    async def until_all_looked_at(self) -> float:
        """Wait until every function was looked at and none waits; seconds since the start."""
        while True:
            text = await self.metrics()
            looked = _total(text, 'reconcile_total{kind="Function"}')
            if looked > FUNCTIONS_MADE and not _total(text, 'queue_length{kind="Function"}'):
                return time.monotonic() - self.began
            if time.monotonic() - self.began > PATIENCE:
                raise TimeoutError(f"after {PATIENCE:g} s the controller has looked at {looked:,.0f} functions")
            await asyncio.sleep(0.25)

    async def requests(self) -> float:
        """Requests so far, but for lists and watches."""
        found = re.findall(r"^kubeless_controller_requests_total\{[^}]*\} (\S+)$", await self.metrics(), re.MULTILINE)
        return sum(map(float, found))


async def functions(scene: Scene) -> None:
    """How long it takes, how much memory, and how many requests, when all is new and when nothing is."""
    scene.report.step(f"making {FUNCTIONS_MADE:,} functions")
    await _make(scene)
    name = f"{FUNCTIONS_MADE:,} functions"
    scene.report.step(f"{name} become their objects")
    async with _controller(scene) as process:
        seconds = await process.until_all_looked_at()
        each = await process.requests() / (FUNCTIONS_MADE + 1)
        cpu = cores.cpu_seconds(process.pid) or 0.0
        note = f"{each:.2f} requests per function, {cpu:.0f} s of them on the controller's core"
        scene.report.add(Row(f"{name}, from nothing to all objects", seconds, "s", note=note))
    scene.report.step(f"the controller is started again with {name}")
    async with _controller(scene) as process:
        seconds = await process.until_all_looked_at()
        sent = await process.requests()
        budget = "0 requests"
        note = f"{sent:.0f} requests sent"
        scene.report.add(Row(f"{name}, start to all looked at", seconds, "s", budget=budget, met=not sent, note=note))
        if memory := cores.memory_mib(process.pid):
            scene.report.add(Row(f"{name}, memory", memory[0], "MiB", note=f"highest {memory[1]:.0f} MiB"))
        scene.report.add(Row(f"a change among {name}, to its Deployment", await _change(scene), "ms", note="median"))


@asynccontextmanager
async def _controller(scene: Scene) -> AsyncIterator[_Process]:
    port = free_port()
    environment = {
        "KUBECONFIG": str(scene.folder / "kubeconfig"),
        "ADMIN_HOST": "127.0.0.1",
        "ADMIN_PORT": str(port),
        "KUBELESS_NAMESPACE": NAMESPACE,
        "LEADER_ELECTION": "false",
    }
    command = python("kubeless.controller")
    began = time.monotonic()
    with running(*command, role=cores.MEASURED, log=scene.log, env=environment, quiet=True) as process:
        yield _Process(scene, process.pid, port, began)


async def _make(scene: Scene) -> None:
    turns = asyncio.Semaphore(_CREATORS)

    async def make(number: int) -> None:
        name = f"function-{number}"
        body = {
            "apiVersion": FUNCTIONS.api_version,
            "kind": FUNCTIONS.kind,
            "metadata": {"name": name, "namespace": NAMESPACE, "labels": {"created-by": "kubeless", "function": name}},
            "spec": {"handler": "app.run", "runtime": "python3.11", "function": _SOURCE, "deps": ""},
        }
        async with turns:
            await scene.world.client.create(FUNCTIONS, body)

    await asyncio.gather(*map(make, range(FUNCTIONS_MADE)))


async def _change(scene: Scene) -> float:
    """Milliseconds from the answer to a changed function until its Deployment has changed; median of some."""
    client = scene.world.client
    found = []
    for number in range(CHANGES):
        name = FUNCTION if number == 0 else f"function-{number}"
        before = (await client.get(DEPLOYMENTS, name, namespace=NAMESPACE))["metadata"]["generation"]
        await client.patch(FUNCTIONS, name, {"spec": {"deps": "six"}}, namespace=NAMESPACE)
        began = time.monotonic()

        async def changed(name: str = name, before: int = before) -> bool:
            now = await client.get(DEPLOYMENTS, name, namespace=NAMESPACE)
            return bool(now["metadata"]["generation"] != before)

        await until(changed)
        found.append(1000 * (time.monotonic() - began))
    return statistics.median(found)


def _total(text: str, name: str) -> float:
    found = re.search(rf"^kubeless_controller_{re.escape(name)} (\S+)$", text, re.MULTILINE)
    return float(found[1]) if found else 0.0
