"""
Each service is rolled while its events come in, and none is lost.

As a Deployment does it: two replicas; a new one is started and ready before an old one is told to end.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager
from datetime import datetime, timedelta
from itertools import pairwise

import nats
from aiokafka.admin import NewTopic
from nats.aio.client import Client

from kubeless.api.resource import CRONJOB_TRIGGERS, FUNCTIONS, HTTP_TRIGGERS, KAFKA_TRIGGERS, NATS_TRIGGERS
from kubeless.core.jsontypes import JsonObject
from kubeless.local.kafka.broker import KafkaBroker
from support.balancer import Balancer
from support.clusterworld import Platform, World
from support.kafkaworld import admin, producer, until
from support.serviceprocess import ServiceProcess
from support.steadyload import SteadyLoad

PAUSE = 0.01
"""Seconds between two events."""

Moved = Callable[[list[int]], Awaitable[None]]


def selector(function: str) -> JsonObject:
    return {"matchLabels": {"function": function}}


async def roll(platform: Platform, component: str, moved: Moved | None = None) -> None:
    """
    Bring the service to two replicas, replace both, and go back to the one that was there.

    `moved` is told on which ports the replicas take events each time before one of them ends.
    """
    first = platform.services[component]
    second, second_port = platform.replica(component, 1)
    third, third_port = platform.replica(component, 2)
    ports = {first: platform.gateway_port, second: second_port, third: third_port}
    try:
        await bring_up(second)
        for new, old in ((third, first), (first, second)):
            await bring_up(new)
            await end(old, [port for each, port in ports.items() if each.runs and each is not old], moved)
        await end(third, [ports[first]], moved)
    finally:
        for each in (second, third):
            if each.runs:
                await asyncio.to_thread(each.stop)


async def bring_up(service: ServiceProcess) -> None:
    service.start()
    await asyncio.to_thread(service.until_ready)
    await asyncio.sleep(0.5)  # a while of work with all replicas, as a rollout has it


async def end(service: ServiceProcess, left: list[int], moved: Moved | None) -> None:
    if moved is not None:
        await moved(left)
    assert await asyncio.to_thread(service.stop) == 0, service.log()


@asynccontextmanager
async def steady(publish: Callable[[int], Awaitable[None]]) -> AsyncIterator[list[int]]:
    """Publish numbers while entered, until after the body; yields those that were."""
    published: list[int] = []
    stop = asyncio.Event()

    async def work() -> None:
        while not stop.is_set():
            await publish(len(published))
            published.append(len(published))
            await asyncio.sleep(PAUSE)

    async with asyncio.TaskGroup() as group:
        group.create_task(work())
        yield published
        stop.set()


async def test_the_gateway_is_rolled_and_every_request_is_answered(world: World) -> None:
    await world.function("rolled-http")
    async with Balancer(world.platform.gateway_port) as balancer:
        spec = {"function-name": "rolled-http", "host-name": "127.0.0.1"}
        await world.make(HTTP_TRIGGERS, "rolled-http", spec)
        await world.until_condition(HTTP_TRIGGERS, "rolled-http", "Ready", "True")
        load = SteadyLoad(balancer.url, "/", clients=8)

        async def moved(ports: list[int]) -> None:
            balancer.ports = ports
            await asyncio.sleep(0.3)  # as long as the chart's preStop, scaled down: who was on the way has arrived

        with ExitStack() as loaded:
            loaded.enter_context(load.running())
            await until(lambda: load.total > 100)
            await roll(world.platform, "gateway", moved)
            await asyncio.to_thread(loaded.close)  # waits for answers, which this loop has to give
        assert dict(load.answers) == {"200": load.total}
        assert len(world.ledger.done) == load.total


async def test_the_kafka_consumer_is_rolled_and_every_record_arrives(world: World) -> None:
    await world.function("rolled-kafka")
    async with KafkaBroker("127.0.0.1", world.platform.kafka_port) as broker:
        async with admin(broker.bootstrap) as kafka:
            await kafka.create_topics([NewTopic("rolled", 4, 1)])
        spec = {"topic": "rolled", "functionSelector": selector("rolled-kafka"), "startFrom": "earliest"}
        await world.make(KAFKA_TRIGGERS, "rolled", spec | {"delivery": {"order": "key"}})
        async with producer(broker.bootstrap) as sender:

            async def publish(number: int) -> None:
                await sender.send_and_wait("rolled", b"%d" % number, key=b"%d" % (number % 16))

            async with steady(publish) as published:
                await world.ledger.until_done(50, deadline=40)
                await roll(world.platform, "kafka-consumer")
        await until_all(world, published)
        await world.delete(KAFKA_TRIGGERS, "rolled")


@asynccontextmanager
async def publisher(world: World) -> AsyncIterator[Client]:
    client = await nats.connect(world.platform.nats_url)
    try:
        yield client
    finally:
        await client.close()


async def test_the_nats_subscriber_is_rolled_and_every_message_of_a_stream_arrives(world: World) -> None:
    await world.function("rolled-stream")
    async with publisher(world) as client:
        stream = client.jetstream()
        await stream.add_stream(name="ROLLED", subjects=["rolled.stream"])
        spec = {"topic": "rolled.stream", "stream": "ROLLED", "functionSelector": selector("rolled-stream")}
        await world.make(NATS_TRIGGERS, "rolled-stream", spec)
        await world.until_condition(NATS_TRIGGERS, "rolled-stream", "Ready", "True")

        async def publish(number: int) -> None:
            await stream.publish("rolled.stream", b"%d" % number)

        async with steady(publish) as published:
            await roll(world.platform, "nats-subscriber")
        await until_all(world, published)
        await world.delete(NATS_TRIGGERS, "rolled-stream")


async def test_the_nats_subscriber_is_rolled_and_every_message_without_a_stream_arrives(world: World) -> None:
    """Nobody keeps these: whoever leaves has to finish what it was sent, and be sent nothing more."""
    await world.function("rolled-core")
    async with publisher(world) as client:
        await world.make(
            NATS_TRIGGERS, "rolled-core", {"topic": "rolled.core", "functionSelector": selector("rolled-core")}
        )
        await world.until_condition(NATS_TRIGGERS, "rolled-core", "Ready", "True")

        async def publish(number: int) -> None:
            await client.publish("rolled.core", b"%d" % number)
            await client.flush()

        async with steady(publish) as published:
            await roll(world.platform, "nats-subscriber")
        await until_all(world, published)
        assert len(world.ledger.done) == len(published), "some came twice"
        await world.delete(NATS_TRIGGERS, "rolled-core")


async def until_all(world: World, published: list[int]) -> None:
    """Wait for everything that was published; more than that never comes."""
    wanted = {b"%d" % number for number in published}
    assert len(wanted) > 50, "there was no load"
    await until(lambda: wanted <= set(world.ledger.bodies), deadline=40)
    assert wanted == set(world.ledger.bodies)


async def test_the_cron_scheduler_is_rolled_and_no_second_is_left_out(world: World) -> None:
    await world.function("rolled-cron")
    spec = {"schedule": "* * * * * *", "function-name": "rolled-cron"}
    await world.make(CRONJOB_TRIGGERS, "rolled-cron", spec)
    await world.ledger.until_done(2)
    await roll(world.platform, "cron-scheduler")
    done = len(world.ledger.done)
    await world.ledger.until_done(done + 2)
    times = sorted({datetime.fromisoformat(call.headers["event-time"]) for call in world.ledger.done})
    assert {after - before for before, after in pairwise(times)} == {timedelta(seconds=1)}
    assert len(world.ledger.done) == len(times), "a time was called for twice"
    await world.delete(CRONJOB_TRIGGERS, "rolled-cron")


async def test_the_controller_is_rolled_and_every_function_is_made(world: World) -> None:
    made: list[str] = []

    async def make(number: int) -> None:
        name = f"rolled-{number}"
        body = {"runtime": "python3.11", "handler": "a.b", "function": "x"}
        await world.make(FUNCTIONS, name, body, labels={"function": name})
        made.append(name)
        await asyncio.sleep(0.4)

    async with steady(make):
        await roll(world.platform, "controller")
    for name in made:
        await world.until_condition(FUNCTIONS, name, "Ready", "True")
    for name in made:
        await world.client.delete(FUNCTIONS, name, namespace=world.namespace)
