"""
The parts over NATS: events/s of core NATS and of JetStream.

Core NATS keeps nothing, and a JetStream trigger takes what is published after it, so the trigger is made first; then
all events are published as fast as the server takes them, which is many times faster than anybody delivers them.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import nats
from nats.aio.client import Client

from bench import cores
from bench.processes import Failed, first_line, python, running
from bench.report import Row
from bench.scene import FUNCTION, Scene
from kubeless.api.resource import NATS_TRIGGERS
from kubeless.core.jsontypes import JsonObject
from support.kafkaworld import NAMESPACE, until

EVENTS = 20_000
CONCURRENCY = 64
_DEADLINE = 60.0
_QUIET = 5.0


@dataclass(frozen=True, slots=True)
class Case:
    """One kind of trigger."""

    name: str
    kind: str
    order: str
    in_flight: int
    """Of the plain loop beside it."""

    @property
    def subject(self) -> str:
        """Of ours; that of the plain loop has `plain-` before it."""
        return f"{self.kind}-{self.order}"


CASES = (
    Case("core, order none", "core", "none", CONCURRENCY),
    Case("JetStream, order none", "jetstream", "none", CONCURRENCY),
    Case("JetStream, order partition", "jetstream", "partition", 1),
)


async def throughput(scene: Scene, url: str) -> None:
    """Each case, ours and the plain loop."""
    environment = {"NATS_URL": url, "ADMIN_HOST": "127.0.0.1", "KUBELESS_NAMESPACE": NAMESPACE}
    client = await nats.connect(url)
    try:
        async with scene.service("nats_subscriber", environment, admin="ADMIN_PORT") as pid:
            for case in CASES:
                scene.report.step(f"NATS {case.name}, {EVENTS:,} events")
                await _measure(scene, client, url, case, pid)
    finally:
        await client.close()


async def _measure(scene: Scene, client: Client, url: str, case: Case, pid: int) -> None:
    plain = f"plain-{case.subject}"
    if case.kind == "jetstream":
        for subject in (case.subject, plain):
            await client.jetstream().add_stream(name=subject, subjects=[subject])
    before = cores.cpu_seconds(pid)
    async with _trigger(scene, case):
        told = await _flood(scene, client, case.subject)
        after = cores.cpu_seconds(pid)
    command = python("bench.plainnats", case.kind, url, plain, scene.upstream, case.in_flight)
    with running(*command, role=cores.MEASURED, log=scene.log) as process:
        await first_line(process)
        other = await _flood(scene, client, plain)
    note = f"lost {EVENTS - told['distinct']}, twice {told['count'] - told['distinct']}"
    if case.order != "none":
        note += f", out of order {told['disordered']}"
    if before is not None and after is not None and after > before:
        note += f"; {EVENTS / (after - before):,.0f} per CPU second"
    ours, their = (each["count"] / max(each["seconds"], 0.001) for each in (told, other))
    if other["distinct"] < EVENTS:
        scene.report.skip(f"the plain loop of {case.name} stopped after {other['distinct']:,} events")
    label = f"plain loop, {case.in_flight} in flight"
    scene.report.add(Row(f"NATS {case.name}", ours, "events/s", their, label, note=note))


@asynccontextmanager
async def _trigger(scene: Scene, case: Case) -> AsyncIterator[None]:
    delivery = {"order": case.order, "concurrency": CONCURRENCY}
    selector = {"matchLabels": {"function": FUNCTION}}
    spec: JsonObject = {"topic": case.subject, "functionSelector": selector, "delivery": delivery}
    if case.kind == "jetstream":
        spec["stream"] = case.subject
    trigger = {
        "apiVersion": NATS_TRIGGERS.api_version,
        "kind": NATS_TRIGGERS.kind,
        "metadata": {"name": case.subject, "namespace": NAMESPACE},
        "spec": spec,
    }
    await scene.world.client.create(NATS_TRIGGERS, trigger)
    try:
        await until(lambda: _is_ready(scene, case.subject), deadline=_DEADLINE)
        yield
    finally:
        await scene.world.client.delete(NATS_TRIGGERS, case.subject, namespace=NAMESPACE)


async def _is_ready(scene: Scene, name: str) -> bool:
    found = await scene.world.client.get(NATS_TRIGGERS, name, namespace=NAMESPACE)
    conditions = (found.get("status") or {}).get("conditions") or ()
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


async def _flood(scene: Scene, client: Client, subject: str) -> JsonObject:
    """Publish everything; the function's ledger when all of it has come, or nothing came for a while."""
    await scene.reset()
    for number in range(EVENTS):
        await client.publish(subject, b"%d %d %d ".ljust(200, b"x") % (0, number, 0))
    await client.flush()
    began = moved = time.monotonic()
    count = 0
    while True:
        told = await scene.ledger()
        now = time.monotonic()
        if told["count"] != count:
            count, moved = told["count"], now
        if told["distinct"] >= EVENTS or (count and now > moved + _QUIET):
            return told
        if now > began + _DEADLINE:
            raise Failed(f"after {_DEADLINE:g} s the function has only {count} events; see {scene.log}")
        await asyncio.sleep(0.25)
