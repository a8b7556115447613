"""Whatever is killed at any moment, no event of a stream is lost, and what is counted adds up."""

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from support.kafkaworld import Call, Ledger, until
from support.natsprocess import subscriber_process
from support.natsworld import World, api, connected, make_stream, make_world, metrics, publish
from support.realnats import RealNats, cluster

ROUNDS = 20
SEED = 20
KEYS = 10
STREAM = "orders"


@asynccontextmanager
async def load(url: str, sent: list[bytes], *, pause: float = 0.02) -> AsyncIterator[None]:
    """Publish numbered messages of all keys while the body runs; `sent` has those that the server has stored."""
    enough = asyncio.Event()

    async def publish_steadily() -> None:
        async with connected(url) as client:
            js = client.jetstream()
            number = 0
            while not enough.is_set():
                for key in range(KEYS):
                    body = b"%d:%d" % (key, number)
                    await publish(js, f"{STREAM}.{key}", body)
                    sent.append(body)
                number += 1
                await asyncio.sleep(pause)

    task = asyncio.create_task(publish_steadily())
    try:
        yield
    finally:
        enough.set()
        await task


def check_order(ledger: Ledger, crashes: int) -> None:
    """Each subject goes on where it was, or steps back once after a crash and repeats from there without a gap."""
    by_key: dict[bytes, list[int]] = defaultdict(list)
    for body in ledger.bodies:
        key, _, number = body.partition(b":")
        by_key[key].append(int(number))
    for numbers in by_key.values():
        steps = [after - before for before, after in zip([-1, *numbers], numbers, strict=False)]
        assert max(steps) == 1
        assert sum(step < 1 for step in steps) <= crashes


async def until_all_acknowledged(url: str) -> None:
    async with connected(url) as client:

        async def done() -> bool:
            info = await api(client, f"CONSUMER.INFO.{STREAM}.kubeless_default_orders_greet")
            return not info["num_pending"] and not info["num_ack_pending"]

        await until(done)


async def prepare(world: World, **config: object) -> Ledger:
    async with connected(world.url) as client:
        await make_stream(client, STREAM, f"{STREAM}.*", **config)
    ledger = await world.function()
    await world.trigger(topic=f"{STREAM}.*", stream=STREAM, delivery={"concurrency": 8})
    return ledger


async def test_a_subscriber_killed_at_random_points_under_load_loses_nothing(
    own_nats: RealNats, tmp_path: Path
) -> None:
    dice = random.Random(SEED)  # a seed makes a failure repeatable
    sent: list[bytes] = []

    async def work(_: Call) -> web.StreamResponse:
        await asyncio.sleep(dice.uniform(0.0, 0.005))
        return web.Response()

    async with make_world(own_nats.url) as world:
        ledger = await prepare(world)
        ledger.answer = work
        async with load(own_nats.url, sent):
            for _ in range(ROUNDS):
                target = len(ledger.done) + dice.randrange(1, 200)
                async with subscriber_process(world, tmp_path):
                    await until(lambda target=target: len(ledger.done) >= target)  # type: ignore[misc]
        async with subscriber_process(world, tmp_path):
            await until(lambda: set(sent) <= set(ledger.bodies))
            await until_all_acknowledged(own_nats.url)
    assert sorted(set(ledger.bodies)) == sorted(sent)
    assert len(ledger.bodies) - len(sent) <= ROUNDS * 16


@pytest.mark.parametrize("used", [False, True])
async def test_one_that_follows_a_subscriber_killed_while_idle_gets_messages_at_once(
    own_nats: RealNats, tmp_path: Path, used: bool
) -> None:
    """The server would keep the place of the dead one for as long as it waits for acknowledgements."""
    patient = {"NATS_ACK_WAIT": "60"}
    async with make_world(own_nats.url) as world, connected(own_nats.url) as client:
        ledger = await prepare(world)
        js = client.jetstream()
        async with subscriber_process(world, tmp_path, **patient):
            await world.until_ready()
            if used:
                await publish(js, f"{STREAM}.a", b"before")
                await until_all_acknowledged(own_nats.url)
        await publish(js, f"{STREAM}.a", b"after")
        async with subscriber_process(world, tmp_path, **patient):
            await until(lambda: b"after" in ledger.bodies, deadline=15.0)


async def test_a_server_that_is_killed_under_load_loses_nothing(own_nats: RealNats) -> None:
    sent: list[bytes] = []
    async with make_world(own_nats.url) as world:
        ledger = await prepare(world)
        async with world.service() as service:
            await world.until_ready()
            async with load(own_nats.url, sent):
                for _ in range(3):
                    target = len(ledger.done) + 100
                    await until(lambda target=target: len(ledger.done) >= target)  # type: ignore[misc]
                    await asyncio.to_thread(own_nats.kill)
                    await asyncio.to_thread(own_nats.start)
            await until(lambda: set(sent) <= set(ledger.bodies))
            await until_all_acknowledged(own_nats.url)
            counted = await metrics(service.admin_port)
    assert sorted(set(ledger.bodies)) == sorted(sent)
    check_order(ledger, 3)
    add_up(counted)
    assert counted["kubeless_events_delivered_total"] == len(ledger.bodies)


async def test_a_cluster_whose_leader_is_stopped_loses_nothing(tmp_path: Path) -> None:
    sent: list[bytes] = []
    with cluster(tmp_path) as servers:
        url = ",".join(server.url for server in servers)
        async with connected([server.url for server in servers]) as client:  # type: ignore[arg-type]
            await until(lambda: _forms(client))
            async with make_world(url) as world:
                await make_stream(client, STREAM, f"{STREAM}.*", num_replicas=3)
                ledger = await world.function()
                await world.trigger(topic=f"{STREAM}.*", stream=STREAM)
                async with world.service() as service, load([each.url for each in servers], sent):  # type: ignore[arg-type]
                    await world.until_ready()
                    await until(lambda: len(ledger.done) > 100)
                    leader = (await api(client, f"STREAM.INFO.{STREAM}"))["cluster"]["leader"]
                    stopped = next(server for server in servers if leader == f"s{server.port}")
                    await asyncio.to_thread(stopped.stop)
                    target = len(ledger.done) + 200
                    await until(lambda: len(ledger.done) >= target, deadline=30)
                    await asyncio.to_thread(stopped.start)
                    target = len(ledger.done) + 100
                    await until(lambda: len(ledger.done) >= target, deadline=30)
                    await until(lambda: set(sent) <= set(ledger.bodies), deadline=30)
                    add_up(await metrics(service.admin_port))
    assert set(sent) <= set(ledger.bodies)
    check_order(ledger, 3)


async def test_a_cluster_gives_what_came_during_a_suspension_at_once(tmp_path: Path) -> None:
    """Not when the server would have helped itself: its wait for acknowledgements is longer than any deadline here."""
    with cluster(tmp_path) as servers:
        async with (
            connected([server.url for server in servers]) as client,  # type: ignore[arg-type]
            make_world(",".join(server.url for server in servers)) as world,
        ):
            await until(lambda: _forms(client))
            await make_stream(client, STREAM, f"{STREAM}.*", num_replicas=3)
            ledger = await world.function()
            await world.trigger(topic=f"{STREAM}.*", stream=STREAM)
            async with world.service(NATS_ACK_WAIT="60", NATS_REQUEST_TIMEOUT="5") as service:
                await world.until_ready()
                for number in range(5):
                    await world.change(suspend=True)
                    await until(lambda: not service.subscriptions.observed())
                    body = b"%d" % number
                    await publish(client.jetstream(), f"{STREAM}.a", body)
                    await world.change(suspend=False)
                    await until(lambda body=body: body in ledger.bodies, deadline=5.0)  # type: ignore[misc]
    assert ledger.bodies == [b"%d" % number for number in range(5)]


async def _forms(client: object) -> bool:
    try:
        await api(client, "INFO")  # type: ignore[arg-type]
    except Exception:  # it answers in many ways until it has a leader
        return False
    return True


async def test_a_function_that_fails_in_every_way_loses_nothing(own_nats: RealNats) -> None:
    """Each event is delivered or a dead letter, whatever the function does meanwhile."""
    dice = random.Random(SEED)
    count = 200

    async def fail(call: Call) -> web.StreamResponse:
        kind = dice.randrange(6)
        if kind == 0:
            raise ConnectionResetError
        if kind == 1:
            return web.Response(status=dice.choice((400, 404, 408, 429, 500, 503)))
        if kind == 2:
            await asyncio.sleep(0.3)
        if kind == 3:
            return web.Response(status=429, headers={"Retry-After": "0"})
        return web.Response()

    async with make_world(own_nats.url) as world, connected(own_nats.url) as client:
        ledger = await prepare(world)
        ledger.answer = fail
        retry = {"maxAttempts": 3, "initialDelay": 0.01, "maxDelay": 0.05}
        await world.change(delivery={"timeout": 0.2, "retry": retry, "order": "none", "concurrency": 32})
        async with world.service() as service:
            await world.until_ready()
            js = client.jetstream()
            for number in range(count):
                await publish(js, f"{STREAM}.{number % 7}", b"%d" % number)
            await until_all_acknowledged(own_nats.url)
            counted = await metrics(service.admin_port)
        letters = (await api(client, "STREAM.INFO.KUBELESS_DLQ"))["state"]["messages"]
    add_up(counted)
    assert counted["kubeless_events_dead_lettered_total"] == letters > 0
    assert counted["kubeless_events_delivered_total"] + letters == count


async def test_core_messages_that_came_are_delivered_or_counted_as_dropped(own_nats: RealNats) -> None:
    count = 5000
    async with make_world(own_nats.url) as world, connected(own_nats.url) as client:
        ledger = await world.function()

        async def work(_: Call) -> web.StreamResponse:
            await asyncio.sleep(0.002)
            return web.Response()

        ledger.answer = work
        await world.trigger(topic="core")
        async with world.service(NATS_PENDING_MESSAGES="500") as service:
            await world.until_ready()
            for number in range(count):
                await client.publish("core", b"%d" % number)
            await client.flush()

            async def settled() -> bool:
                found = await metrics(service.admin_port)
                return found["kubeless_events_received_total"] == count and not found["kubeless_events_in_flight"]

            await until(settled)
            counted = await metrics(service.admin_port)
    add_up(counted)
    assert counted["kubeless_events_delivered_total"] == len(ledger.bodies)
    assert counted["kubeless_events_delivered_total"] + counted["kubeless_events_dropped_total"] == count


def add_up(counted: dict[str, float]) -> None:
    fates = ("delivered", "refused", "dead_lettered", "dropped", "released")
    settled = sum(counted[f"kubeless_events_{fate}_total"] for fate in fates)
    assert counted["kubeless_events_received_total"] == settled + counted["kubeless_events_in_flight"]
