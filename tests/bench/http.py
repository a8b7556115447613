"""Parts over HTTP: our transport beside aiohttp's client, and the Python runtime."""

import statistics
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import kubeless.runtimes.python.kubeless_runtime as runtime
from bench import cores
from bench.processes import python, result_of, running
from bench.report import Row
from bench.scene import Scene, free_port, stopwatch
from kubeless.core.jsontypes import JsonObject

SECONDS = 2.0
ROUNDS = 3
IN_FLIGHT = 64
CONNECTIONS = 32
STARTS = 5

_HELLO = "def run(event, context):\n    return 'hello'\n"


async def transport(scene: Scene) -> None:
    """200-byte POST: requests/s, and the same per second of CPU time."""
    found: dict[str, list[JsonObject]] = {"transport": [], "aiohttp": []}
    for number in range(ROUNDS):
        for kind, results in found.items():
            scene.report.step(f"{kind}: POST, {IN_FLIGHT} in flight, round {number + 1} of {ROUNDS}")
            command = python("bench.clients", kind, scene.upstream, IN_FLIGHT, SECONDS)
            results.append(await result_of(*command, role=cores.MEASURED, log=scene.log))
    what = f"transport, 200-byte POST, {IN_FLIGHT} in flight"
    for name, per in ((what, "seconds"), (f"{what}, per CPU second", "cpu")):
        ours, other = ([each["requests"] / each[per] for each in found[kind]] for kind in found)
        scene.report.add(beside(name, ours, other, "aiohttp's client", at_least=5))
    bars = {kind: statistics.median(each["requests"] / each["seconds"] for each in found[kind]) for kind in found}
    scene.report.chart(f"Clients: 200-byte POST, {IN_FLIGHT} in flight, requests/s", bars)


def beside(what: str, ours: list[float], other: list[float], name: str, *, at_least: float | None = None) -> Row:
    """A row of medians, with the spread of ours."""
    own, their = statistics.median(ours), statistics.median(other)
    budget, met = (f">= {at_least:g}x", own >= at_least * their) if at_least is not None else ("", None)
    return Row(what, own, "requests/s", their, name, budget, met, f"{min(ours):,.0f} to {max(ours):,.0f}")


async def python_runtime(scene: Scene) -> None:
    """One worker with a function that says hello: requests/s, and the time from its start to its first answer."""
    (scene.folder / "fn.py").write_text(_HELLO)
    scene.report.step(f"Python runtime: {STARTS} cold starts, then GET for {SECONDS:g} s")
    starts = []
    for _ in range(STARTS):
        began = stopwatch()
        async with _function_server(scene):
            starts.append(stopwatch() - began)
    async with _function_server(scene) as (port, pid):
        wall, cpu = await _load(scene, port, "/", pid)
    what = f"Python runtime, hello, one worker, {CONNECTIONS} connections"
    scene.report.add(Row(what, wall, "requests/s", note="with its access log, thrown away"))
    if cpu is not None:
        scene.report.add(Row(f"{what}, per CPU second", cpu, "requests/s"))
    scene.report.add(
        Row("Python runtime, start to first answer", statistics.median(starts) * 1000, "ms", note="median")
    )


async def _load(scene: Scene, port: int, path: str, pid: int) -> tuple[float, float | None]:
    """Requests per second, and per second of CPU time of the process and its children."""
    before = cores.cpu_seconds(pid)
    command = python("bench.load", port, path, CONNECTIONS, SECONDS)
    found = await result_of(*command, role=cores.LOAD, log=scene.log)
    after = cores.cpu_seconds(pid)
    if found["failed"]:
        scene.report.skip(f"{found['failed']} requests to {path} failed, the figure below is worth nothing")
    used = after - before if after is not None and before is not None else None
    return found["requests"] / found["seconds"], found["requests"] / used if used else None


@asynccontextmanager
async def _function_server(scene: Scene) -> AsyncIterator[tuple[int, int]]:
    """Entered once the function has answered."""
    port = free_port()
    environment = {
        "MOD_NAME": "fn",
        "FUNC_HANDLER": "run",
        "FUNC_HOST": "127.0.0.1",
        "FUNC_PORT": str(port),
        "FUNC_WORKERS": "1",
        "KUBELESS_INSTALL_VOLUME": str(scene.folder),
    }
    server = str(Path(str(runtime.__file__)).parent)
    with running(sys.executable, server, role=cores.MEASURED, log=scene.log, env=environment, quiet=True) as process:
        await scene.until_answers(port, "/")
        yield port, process.pid
