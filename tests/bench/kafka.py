"""The parts over Kafka: events/s in each order, latency at a low rate, memory with many triggers."""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from bench import cores
from bench.processes import Failed, python, running
from bench.report import Row
from bench.scene import FUNCTION, Scene
from kubeless.api.resource import KAFKA_TRIGGERS
from kubeless.core.jsontypes import JsonObject
from support.kafkaworld import NAMESPACE, new_topic, producer, until

CONCURRENCY = 64
KEYS = 1000
TRIGGERS = 200
LOW_RATE = 50
LOW_COUNT = 200
KEY_BUDGET = 15_000
_DEADLINE = 30.0


@dataclass(frozen=True, slots=True)
class Case:
    """One order on one topic."""

    name: str
    order: str
    partitions: int
    events: int
    keys: int = 0
    in_flight: int = 1
    """Of the plain loop beside it."""


CASES = (
    Case("order partition, 1 partition", "partition", 1, 6_000),
    Case("order partition, 8 partitions", "partition", 8, 20_000),
    Case(f"order key, 8 partitions, {KEYS:,} keys", "key", 8, 40_000, KEYS, CONCURRENCY),
    Case("order none, 8 partitions", "none", 8, 40_000, 0, CONCURRENCY),
)


async def throughput(scene: Scene, broker: str) -> None:
    """Each order, ours and the plain loop."""
    async with _consumer(scene) as pid:
        for case in CASES:
            topic = await _publish(scene, case, broker)
            ours, told, cpu = await _ours(scene, case, topic, pid)
            other = await _plain(scene, case, topic)
            name = f"Kafka ({broker}), {case.name}"
            budget, met = (f">= {KEY_BUDGET:,}/s", ours >= KEY_BUDGET) if case.order == "key" else ("", None)
            label = f"plain loop, {case.in_flight} in flight"
            note = _verdict(case, told) + (f"; {case.events / cpu:,.0f} per CPU second" if cpu else "")
            scene.report.add(Row(name, ours, "events/s", other, label, budget, met, note))


async def latency(scene: Scene, broker: str) -> None:
    """From `send` to the function, one event at a time."""
    scene.report.step(f"{broker}: latency at {LOW_RATE} events/s")
    topic = new_topic()
    await scene.world.make_topic(topic)
    async with _consumer(scene), _trigger(scene, topic, "partition"):
        ours = await _latencies(scene, topic)
    with running(*_plain_command(scene, topic, 1), role=cores.MEASURED, log=scene.log, quiet=True):
        plain = await _latencies(scene, topic)
    for name, rank in (("p50", 49), ("p99", 98)):
        own, their = (statistics.quantiles(each, n=100)[rank] * 1000 for each in (ours, plain))
        what = f"Kafka ({broker}), latency at {LOW_RATE}/s, {name}"
        scene.report.add(Row(what, own, "ms", their, "plain loop", note="less is better"))


async def memory(scene: Scene, broker: str) -> None:
    """One consumer process with many triggers of one function."""
    scene.report.step(f"{broker}: memory with {TRIGGERS} triggers")
    topic = new_topic()
    await scene.world.make_topic(topic)
    async with _consumer(scene) as pid:
        before = cores.memory_mib(pid)
        names = [f"many-{number}" for number in range(TRIGGERS)]
        began = time.monotonic()
        for name in names:
            await scene.world.trigger(name, topic=topic, function=FUNCTION)
        await until(lambda: _all_ready(scene), deadline=2 * _DEADLINE)
        took = time.monotonic() - began
        await asyncio.sleep(1.0)  # for the highest mark to settle
        after = cores.memory_mib(pid)
        await _delete(scene, *names)
    if before is None or after is None:
        scene.report.skip("memory: this system does not tell")
        return
    note = f"{before[0]:.0f} MiB with none, highest {after[1]:.0f} MiB, all ready after {took:.1f} s"
    scene.report.add(Row(f"Kafka ({broker}), memory with {TRIGGERS} triggers", after[0], "MiB", note=note))


@asynccontextmanager
async def _consumer(scene: Scene) -> AsyncIterator[int]:
    environment = {"KAFKA_BROKERS": scene.world.bootstrap, "ADMIN_HOST": "127.0.0.1", "KUBELESS_NAMESPACE": NAMESPACE}
    async with scene.service("kafka_consumer", environment, admin="ADMIN_PORT") as pid:
        yield pid


@asynccontextmanager
async def _trigger(scene: Scene, topic: str, order: str) -> AsyncIterator[None]:
    """A trigger named as its topic, deleted at the end."""
    delivery = {"order": order, "concurrency": CONCURRENCY}
    await scene.world.trigger(topic, topic=topic, function=FUNCTION, delivery=delivery)
    try:
        await scene.world.until_condition("Ready", "True", name=topic)
        yield
    finally:
        await _delete(scene, topic)


async def _delete(scene: Scene, *names: str) -> None:
    for name in names:
        await scene.world.client.delete(KAFKA_TRIGGERS, name, namespace=NAMESPACE)


async def _all_ready(scene: Scene) -> bool:
    await asyncio.sleep(0.3)
    triggers = (await scene.world.client.list(KAFKA_TRIGGERS)).items
    return sum(map(_is_ready, triggers)) == TRIGGERS


def _is_ready(trigger: JsonObject) -> bool:
    conditions = (trigger.get("status") or {}).get("conditions") or ()
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


async def _publish(scene: Scene, case: Case, broker: str) -> str:
    """Make a topic with all events of a case in it. Its name."""
    scene.report.step(f"{broker}: {case.name}, {case.events:,} events")
    topic = new_topic()
    await scene.world.make_topic(topic, case.partitions)
    streams = case.keys or case.partitions
    async with producer(scene.world.bootstrap) as sender:
        sent = []
        for number in range(case.events):
            stream = number % streams
            body = _body(stream, number // streams)
            where: dict[str, Any] = {"key": b"%d" % stream} if case.keys else {"partition": stream}
            sent.append(await sender.send(topic, body, **where))
        await asyncio.gather(*sent)
    return topic


def _body(stream: int, number: int, sent: int = 0) -> bytes:
    return b"%d %d %d ".ljust(200, b"x") % (stream, number, sent)


async def _ours(scene: Scene, case: Case, topic: str, pid: int) -> tuple[float, JsonObject, float | None]:
    """Events per second, the ledger, and the CPU time of the consumer for all of them."""
    await scene.reset()
    before = cores.cpu_seconds(pid)
    async with _trigger(scene, topic, case.order):
        await _arrived(scene, lambda told: told["distinct"] >= case.events)
        after = cores.cpu_seconds(pid)
        await scene.world.until_committed(FUNCTION, topic, case.events, trigger=topic)
    told = await scene.ledger()
    used = after - before if after is not None and before is not None else None
    return told["count"] / told["seconds"], told, used


async def _plain(scene: Scene, case: Case, topic: str) -> float:
    await scene.reset()
    with running(*_plain_command(scene, topic, case.in_flight), role=cores.MEASURED, log=scene.log, quiet=True):
        told = await _arrived(scene, lambda told: told["distinct"] >= case.events)
    return float(told["count"] / told["seconds"])


def _plain_command(scene: Scene, topic: str, in_flight: int) -> tuple[str, ...]:
    return python("bench.plainloop", scene.world.bootstrap, topic, scene.upstream, in_flight)


async def _arrived(scene: Scene, enough: Callable[[JsonObject], bool]) -> JsonObject:
    """Wait until the ledger says so, without asking often: the answer takes the load's core."""
    end = time.monotonic() + _DEADLINE
    while not enough(told := await scene.ledger()):
        if time.monotonic() > end:
            raise Failed(f"after {_DEADLINE:g} s the function has only {told['count']} events; see {scene.log}")
        await asyncio.sleep(0.25)
    return told


async def _latencies(scene: Scene, topic: str) -> list[float]:
    """Seconds of each event; the first ones, which also wait for the consumer to start, do not count."""
    async with producer(scene.world.bootstrap) as sender:
        await _warm_up(scene, topic, sender)
        await scene.reset()
        for number in range(LOW_COUNT):
            await sender.send(topic, _body(0, number, time.monotonic_ns()))
            await asyncio.sleep(1 / LOW_RATE)
        told = await _arrived(scene, lambda told: told["distinct"] >= LOW_COUNT)
    found: list[float] = told["latencies"]
    return found


async def _warm_up(scene: Scene, topic: str, sender: Any) -> None:
    await sender.send_and_wait(topic, _body(1, 0, time.monotonic_ns()))
    await _arrived(scene, lambda told: told["count"] >= 1)
    await asyncio.sleep(1.0)  # what has been waiting arrives, then nothing is under way


def _verdict(case: Case, told: JsonObject) -> str:
    lost, twice = case.events - told["distinct"], told["count"] - told["distinct"]
    if case.order == "none":
        return f"lost {lost}, twice {twice}"
    return f"lost {lost}, twice {twice}, out of order {told['disordered']}"
