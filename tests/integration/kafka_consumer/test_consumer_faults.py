"""Brokers, members, topics and this process come and go: no event is lost, and few are delivered twice."""

import asyncio
import os
import random
import signal
import sys
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

import kubeless
from kubeless.local.kafka.broker import KafkaBroker
from support.kafkaworld import QUICK, Call, Ledger, World, admin, make_world, new_topic, until
from support.realkafka import RealKafka

SEED = 7


def in_order(ledger: Ledger) -> bool:
    """Whether each key's events came first in the order they were published; second deliveries may come later."""
    seen: dict[str, list[int]] = defaultdict(list)
    for call in ledger.done:
        if int(call.body) not in seen[call.key]:
            seen[call.key].append(int(call.body))
    return all(numbers == sorted(numbers) for numbers in seen.values())


async def test_a_topic_that_does_not_exist_yet_is_waited_for_and_never_made(world: World) -> None:
    topic = new_topic()
    ledger = await world.function()
    await world.trigger(topic=topic)
    async with world.service():
        await world.until_condition("Ready", "False", "TopicNotFound")
        async with admin(world.bootstrap) as client:
            assert topic not in await client.list_topics()
        await world.make_topic(topic)
        await world.publish(topic, b"x")
        await ledger.until_done(1)
        await world.until_condition("Ready", "True")


async def test_a_topic_that_is_deleted_and_made_anew_is_consumed_from_its_beginning(world: World) -> None:
    topic = new_topic()
    await world.make_topic(topic)
    ledger = await world.function()
    await world.trigger(topic=topic)
    async with world.service():
        await world.publish(topic, b"1", b"2", b"3")
        await world.until_committed("greet", topic, 3)
        async with admin(world.bootstrap) as client:
            await client.delete_topics([topic])
        await world.until_condition("Ready", "False", "TopicNotFound")
        await world.make_topic(topic)
        await world.publish(topic, b"4")
        await until(lambda: b"4" in ledger.bodies)


async def test_records_that_retention_took_are_passed_over_and_counted(embedded_kafka: KafkaBroker) -> None:
    from aiokafka import TopicPartition
    from aiokafka.admin import RecordsToDelete

    async with make_world(embedded_kafka.bootstrap) as world:
        topic = new_topic()
        await world.make_topic(topic)
        ledger = await world.function()
        await world.trigger(topic=topic)
        async with world.service():
            await world.publish(topic, b"1")
            await world.until_committed("greet", topic, 1)
        await world.publish(topic, b"2", b"3", b"4")
        async with admin(world.bootstrap) as client:
            await client.delete_records({TopicPartition(topic, 0): RecordsToDelete(before_offset=3)})
        async with world.service() as service:
            await ledger.until_done(2)
            (pair,) = service.subscriptions.observed().values()
            assert pair.counters.offset_resets == 1
        assert ledger.bodies == [b"1", b"4"]


async def test_a_message_as_large_as_the_broker_takes_is_delivered_and_kept_as_a_dead_letter(world: World) -> None:
    topic = new_topic()
    await world.make_topic(topic)
    ledger = await world.function()

    async def refuse(_: Call) -> web.StreamResponse:
        return web.Response(status=400)

    ledger.answer = refuse
    await world.trigger(topic=topic)
    body = os.urandom(1_000_000)
    async with world.service():
        await world.publish(topic, body)
        await world.until_committed("greet", topic, 1)
        assert [letter.value for letter in await world.read_all(f"{topic}.default.orders.dlq")] == [body]


async def test_members_come_and_go_under_load_and_every_event_is_delivered_once(world: World) -> None:
    topic = new_topic()
    await world.make_topic(topic, 4)
    ledger = await world.function()

    async def slow(_: Call) -> web.StreamResponse:
        await asyncio.sleep(0.005)
        return web.Response()

    ledger.answer = slow
    await world.trigger(topic=topic, delivery={"order": "key", "concurrency": 8})
    chance = random.Random(SEED)
    async with world.service():
        publishing = asyncio.create_task(_trickle(world, topic, 800))
        for _ in range(4):
            async with world.service(HOSTNAME=f"other-{chance.random()}"):
                await asyncio.sleep(chance.uniform(0.2, 1.0))
            await asyncio.sleep(chance.uniform(0.0, 0.3))
        await publishing
        await until(lambda: len(ledger.ids) >= 800, deadline=40)
        await world.until_committed("greet", topic, 800)
    assert set(ledger.ids.values()) == {1}
    assert in_order(ledger)


async def _trickle(world: World, topic: str, count: int) -> None:
    from support.kafkaworld import producer

    async with producer(world.bootstrap) as sender:
        for number in range(count):
            await sender.send_and_wait(topic, b"%d" % number, key=b"k%d" % (number % 20))
            await asyncio.sleep(0.001)


async def test_the_embedded_broker_stops_and_starts_under_load(embedded_kafka: KafkaBroker) -> None:
    async with make_world(embedded_kafka.bootstrap) as world:
        topic = new_topic()
        await world.make_topic(topic, 2)
        ledger = await world.function()
        await world.trigger(topic=topic, delivery={"order": "key"})
        async with world.service():
            await world.publish_many(topic, 300)
            await until(lambda: len(ledger.done) > 50)
            await embedded_kafka.__aexit__(None, None, None)
            await world.until_condition("BrokerReachable", "False")
            await world.until_condition("Ready", "False", "BrokerUnavailable")
            await embedded_kafka.__aenter__()
            await world.until_condition("BrokerReachable", "True")
            await world.publish_many(topic, 300)
            await world.until_committed("greet", topic, 600)
            await world.until_condition("Ready", "True")
        assert set(ledger.ids.values()) == {1}


async def test_the_broker_is_away_at_the_start(own_kafka: RealKafka) -> None:
    async with make_world(own_kafka.bootstrap) as world:
        topic = new_topic()
        await world.make_topic(topic)
        await world.publish(topic, b"x")
        await asyncio.to_thread(own_kafka.stop)
        ledger = await world.function()
        await world.trigger(topic=topic)
        async with world.service():
            await world.until_condition("Ready", "False", "BrokerUnavailable")
            await asyncio.to_thread(own_kafka.start)
            await ledger.until_done(1, deadline=60)
            await world.until_condition("Ready", "True")


async def test_a_real_broker_is_killed_and_started_under_load(own_kafka: RealKafka) -> None:
    async with make_world(own_kafka.bootstrap) as world:
        topic = new_topic()
        await world.make_topic(topic, 2)
        ledger = await world.function()

        async def slow(_: Call) -> web.StreamResponse:
            await asyncio.sleep(0.01)
            return web.Response()

        ledger.answer = slow
        await world.trigger(topic=topic, delivery={"order": "key"})
        async with world.service():
            await world.publish_many(topic, 1000)
            await until(lambda: len(ledger.done) > 100)
            await asyncio.to_thread(own_kafka.kill)
            await asyncio.sleep(0.5)
            await asyncio.to_thread(own_kafka.start)
            await until(lambda: len(ledger.ids) >= 1000, deadline=60)
            await until(lambda: _all_committed(world, topic, 1000), deadline=60)
        assert in_order(ledger)


async def _all_committed(world: World, topic: str, count: int) -> bool:
    return sum((await world.committed(f"default_orders_greet_{topic}")).values()) == count


@asynccontextmanager
async def consumer_process(world: World, folder: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """The service as a process of its own."""
    kubeconfig = folder / "kubeconfig"
    kubeconfig.write_text(
        f"""apiVersion: v1
kind: Config
current-context: c
contexts: [{{name: c, context: {{cluster: c}}}}]
clusters: [{{name: c, cluster: {{server: "{world.client.server}"}}}}]
"""
    )
    environment = QUICK | {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(Path(kubeless.__path__[0]).parent),
        "KUBECONFIG": str(kubeconfig),
        "KAFKA_BROKERS": world.bootstrap,
    }
    with (folder / "consumer.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "kubeless.kafka_consumer", env=environment, stdout=log, stderr=log
        )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_kill_minus_nine_at_random_points_loses_nothing(world: World, tmp_path: Path) -> None:
    """What is delivered twice is what was done and not committed yet: at most what a process can have in flight."""
    topic = new_topic()
    await world.make_topic(topic, 4)
    ledger = await world.function()

    async def slow(_: Call) -> web.StreamResponse:
        await asyncio.sleep(0.01)
        return web.Response()

    ledger.answer = slow
    await world.trigger(topic=topic, delivery={"order": "key", "concurrency": 16})
    await world.publish_many(topic, 3000, keys=50)
    chance = random.Random(SEED)
    kills = 0
    while kills < 3:
        before = len(ledger.done)
        async with consumer_process(world, tmp_path) as process:
            await until(lambda before=before: len(ledger.done) > before + 20, deadline=40)  # type: ignore[misc]
            await asyncio.sleep(chance.uniform(0.0, 0.3))
            process.send_signal(signal.SIGKILL)
            kills += 1
    async with consumer_process(world, tmp_path) as process:
        await until(lambda: len(ledger.ids) == 3000, deadline=60)
        await until(lambda: _all_committed(world, topic, 3000), deadline=20)
        process.terminate()
        assert await asyncio.wait_for(process.wait(), 10) == 0
    # In 0.05 s between commits plus one commit, 16 slots of 0.01 s each do some hundred events.
    assert sum(ledger.ids.values()) - 3000 <= kills * 400
    assert in_order(ledger)
