"""A consumer process that is killed at any moment loses nothing, and repeats only what it had not committed."""

import asyncio
import json
import os
import random
import sys
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from support.kafkafixtures import Kafka
from support.kafkaworld import QUICK, Call, Ledger, World, make_world, new_topic, producer, until

ROUNDS = 20
SEED = 20
KEYS = 10
PARTITIONS = 4


@asynccontextmanager
async def consumer_process(world: World, folder: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """The service in a process of its own, killed on the way out."""
    kubeconfig = folder / "kubeconfig"
    kubeconfig.write_text(json.dumps(_kubeconfig(world.client.server)))
    environment = QUICK | {
        "KUBECONFIG": str(kubeconfig),
        "KAFKA_BROKERS": world.bootstrap,
        "KAFKA_SESSION_TIMEOUT": "1",
        "PYTHONPATH": "services",
    }
    with (folder / "consumer.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "kubeless.kafka_consumer", env=os.environ | environment, stdout=log, stderr=log
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


async def publish_steadily(world: World, topic: str, sent: list[bytes], enough: asyncio.Event) -> None:
    """Publish numbered records of all keys until there are `enough`; `sent` has those that the broker took."""
    async with producer(world.bootstrap) as sender:
        number = 0
        while not enough.is_set():
            bodies = [b"%d:%d" % (key, number) for key in range(KEYS)]
            for body in bodies:
                await sender.send_and_wait(topic, body, key=body.partition(b":")[0])
                sent.append(body)
            number += 1
            await asyncio.sleep(0.05)


def check_order(ledger: Ledger, crashes: int) -> None:
    """Each key goes on where it was, or steps back once after a crash and repeats from there without a gap."""
    by_key: dict[str, list[int]] = defaultdict(list)
    for call in ledger.done:
        by_key[call.key].append(int(call.body.partition(b":")[2]))
    for numbers in by_key.values():
        steps = [after - before for before, after in zip([-1, *numbers], numbers, strict=False)]
        assert max(steps) == 1
        assert sum(step < 1 for step in steps) <= crashes


async def test_a_consumer_killed_at_random_points_under_load_loses_nothing(broker: Kafka, tmp_path: Path) -> None:
    dice = random.Random(SEED)  # a seed makes a failure repeatable
    topic = new_topic()
    sent: list[bytes] = []
    enough = asyncio.Event()

    async def work(_: Call) -> web.StreamResponse:
        await asyncio.sleep(dice.uniform(0.0, 0.005))
        return web.Response()

    async with make_world(broker.bootstrap) as world:
        await world.make_topic(topic, PARTITIONS)
        ledger = await world.function()
        ledger.answer = work
        await world.trigger(topic=topic, delivery={"order": "key", "concurrency": 8})
        load = asyncio.create_task(publish_steadily(world, topic, sent, enough))
        for _ in range(ROUNDS):
            target = len(ledger.done) + dice.randrange(1, 200)
            async with consumer_process(world, tmp_path):
                await until(lambda target=target: len(ledger.done) >= target)  # type: ignore[misc]
        enough.set()
        await load
        async with consumer_process(world, tmp_path):
            await until(lambda: set(sent) <= set(ledger.bodies))
            await world.until_committed("greet", topic, len(ledger.ids))
    check_order(ledger, ROUNDS)
    assert sorted(set(ledger.bodies)) == sorted(sent)
