"""The part about schedules: ten thousand of them in one scheduler."""

import asyncio
import random
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from bench import cores
from bench.processes import python, running
from bench.report import Row
from bench.scene import FUNCTION, Scene, free_port
from kubeless.api.resource import CRONJOB_TRIGGERS
from support.kafkaworld import NAMESPACE, until

TRIGGERS = 10_000
WATCHED = 60.0
"""Seconds: each schedule is due once a minute."""
LATENESS_BUDGET = 50.0
SETTLE = 10.0
"""Seconds for what a start brings with it, such as conditions."""
_CREATORS = 32
_BUCKET = re.compile(r'^kubeless_cron_lateness_seconds_bucket\{le="([^"]+)"\} (\S+)$', re.MULTILINE)


async def schedules(scene: Scene) -> None:
    """Lateness, memory, and what it costs the API server; due at random seconds of a minute."""
    scene.report.step(f"making {TRIGGERS:,} cron triggers")
    await _make(scene)
    began = time.monotonic()
    async with _scheduler(scene) as (pid, port):
        ready = time.monotonic() - began
        await until(lambda: _all_scheduled(scene, port), deadline=WATCHED)
        await asyncio.sleep(SETTLE)
        scene.report.step(f"{TRIGGERS:,} schedules for {WATCHED:g} s")
        before, began_with = await _metrics(scene, port), _core_seconds(pid)
        await asyncio.sleep(WATCHED)
        after, ended_with = await _metrics(scene, port), _core_seconds(pid)
        memory = cores.memory_mib(pid)
    fired, late = _lateness(before, after)
    note = f"{fired:,.0f} calls in {WATCHED:g} s, ready after {ready:.1f} s"
    if began_with and ended_with:
        used, waited = (now - then for now, then in zip(ended_with, began_with, strict=True))
        note += f", {used:.1f} s of CPU, {waited:.1f} s of waiting for it"
    name = f"{TRIGGERS:,} schedules"
    budget = f"<= {LATENESS_BUDGET:g} ms"
    scene.report.add(Row(f"{name}, lateness p99", late, "ms", budget=budget, met=late <= LATENESS_BUDGET, note=note))
    if memory is not None:
        scene.report.add(Row(f"{name}, memory", memory[0], "MiB", note=f"highest {memory[1]:.0f} MiB"))
    statuses, journal = (_total(after, each) - _total(before, each) for each in ("status", "journal"))
    writes = statuses * 60 / WATCHED
    scene.report.add(Row(f"{name}, status writes", writes, "per minute", note=f"and {journal:.0f} of the journal"))


@asynccontextmanager
async def _scheduler(scene: Scene) -> AsyncIterator[tuple[int, int]]:
    """The service in a process, ready: its pid and admin port."""
    port = free_port()
    environment = {
        "KUBECONFIG": str(scene.folder / "kubeconfig"),
        "ADMIN_HOST": "127.0.0.1",
        "ADMIN_PORT": str(port),
        "KUBELESS_NAMESPACE": NAMESPACE,
        "LEADER_ELECTION": "false",
    }
    command = python("kubeless.cron_scheduler")
    with running(*command, role=cores.MEASURED, log=scene.log, env=environment, quiet=True) as process:
        await scene.until_answers(port, "/readyz")
        yield process.pid, port


async def _make(scene: Scene) -> None:
    chance = random.Random(1)  # the same seconds in each run
    turns = asyncio.Semaphore(_CREATORS)

    async def make(number: int) -> None:
        spec = {"schedule": f"{chance.randrange(60)} * * * * *", "function-name": FUNCTION}
        body = {
            "apiVersion": CRONJOB_TRIGGERS.api_version,
            "kind": CRONJOB_TRIGGERS.kind,
            "metadata": {"name": f"cron-{number}", "namespace": NAMESPACE},
            "spec": spec,
        }
        async with turns:
            await scene.world.client.create(CRONJOB_TRIGGERS, body)

    await asyncio.gather(*map(make, range(TRIGGERS)))


async def _all_scheduled(scene: Scene, port: int) -> bool:
    await asyncio.sleep(0.3)
    return f"kubeless_cron_scheduled {float(TRIGGERS)}" in await _metrics(scene, port)


async def _metrics(scene: Scene, port: int) -> str:
    try:
        async with scene.http.get(f"http://127.0.0.1:{port}/metrics") as response:
            return await response.text()
    except aiohttp.ClientError:
        return ""


def _core_seconds(pid: int) -> tuple[float, float] | None:
    """
    Seconds for which a process was on its core, and for which it waited as others were on it: a call that is late for
    the latter says nothing about us. None where the system does not tell.
    """
    try:
        used, waited, _ = Path(f"/proc/{pid}/schedstat").read_text().split()
    except OSError:
        return None
    return int(used) / 1e9, int(waited) / 1e9


def _total(text: str, what: str) -> float:
    found = re.search(rf"^kubeless_cron_{what}_writes_total (\S+)$", text, re.MULTILINE)
    return float(found[1]) if found else 0.0


def _lateness(before: str, after: str) -> tuple[float, float]:
    """Calls, and the 99th percentile in ms, interpolated within its bucket."""
    old = {bound: float(count) for bound, count in _BUCKET.findall(before)}
    counts = [(float(bound), float(count) - old.get(bound, 0.0)) for bound, count in _BUCKET.findall(after)]
    total = counts[-1][1]
    low = below = 0.0
    for bound, count in counts:
        if count >= 0.99 * total:
            share = (0.99 * total - below) / max(count - below, 1.0)
            return total, 1000 * (low + share * (bound - low))
        low, below = bound, count
    return total, float("inf")
