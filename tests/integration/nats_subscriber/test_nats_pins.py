"""
Who gets the messages of a consumer with order: one replica, at once, and another as soon as that one leaves.

The server's wait for an acknowledgement, after which it would help itself, is longer here than any deadline.
"""

import asyncio
import time
from collections import defaultdict

import pytest
from aiohttp import web
from nats.aio.client import Client

from kubeless.nats_subscriber.consumers import GROUP
from support.kafkaworld import Call, Ledger, until
from support.natsworld import World, api, make_stream, new_name, publish_all

PATIENT = {"NATS_ACK_WAIT": "60"}
SOON = 2.0


def consumer(trigger: str = "orders", function: str = "greet") -> str:
    return f"kubeless_default_{trigger}_{function}"


async def pin(client: Client, stream: str) -> str:
    """The pin that a replica has at the server; empty if none has."""
    info = await api(client, f"CONSUMER.INFO.{stream}.{consumer()}")
    groups = info.get("priority_groups") or [{}]
    return str(groups[0].get("pinned_client_id") or "")


async def prepare(world: World, client: Client, **delivery: object) -> tuple[str, Ledger]:
    stream = new_name()
    await make_stream(client, stream, f"{stream}.*")
    ledger = await world.function()
    await world.trigger(topic=f"{stream}.*", stream=stream, delivery=delivery or {"order": "partition"})
    return stream, ledger


@pytest.mark.parametrize("used", [False, True])
async def test_what_came_while_suspended_is_delivered_at_once(world: World, client: Client, used: bool) -> None:
    stream, ledger = await prepare(world, client)
    async with world.service(**PATIENT) as service:
        await world.until_ready()
        if used:
            await publish_all(client, f"{stream}.a", [b"before"])
            await ledger.until_done(1)
        await world.change(suspend=True)
        await until(lambda: not service.subscriptions.observed())
        await publish_all(client, f"{stream}.a", [b"meanwhile"])
        assert not await pin(client, stream)
        await world.change(suspend=False)
        await until(lambda: b"meanwhile" in ledger.bodies, deadline=SOON)


@pytest.mark.parametrize("used", [False, True])
async def test_a_service_that_follows_another_gets_messages_at_once(world: World, client: Client, used: bool) -> None:
    stream, ledger = await prepare(world, client)
    async with world.service(**PATIENT):
        await world.until_ready()
        if used:
            await publish_all(client, f"{stream}.a", [b"before"])
            await ledger.until_done(1)
    await publish_all(client, f"{stream}.a", [b"meanwhile"])
    async with world.service(**PATIENT) as service:
        await until(lambda: all(each.healthy for each in service.subscriptions.observed().values()))
        await until(lambda: b"meanwhile" in ledger.bodies, deadline=SOON)


async def test_a_replica_that_leaves_under_load_leaves_everything_to_the_next(world: World, client: Client) -> None:
    stream, ledger = await prepare(world, client)
    sent: list[bytes] = []
    enough = asyncio.Event()

    async def load() -> None:
        while not enough.is_set():
            body = b"%d" % len(sent)
            await publish_all(client, f"{stream}.a", [body])
            sent.append(body)

    async with world.service(**PATIENT):
        await world.until_ready()
        loading = asyncio.create_task(load())
        for _ in range(10):
            async with world.service(**PATIENT):
                seen = len(ledger.done)
                await until(lambda seen=seen: len(ledger.done) > seen + 5, deadline=SOON)  # type: ignore[misc]
        enough.set()
        await loading
        await until(lambda: len(ledger.bodies) >= len(sent), deadline=SOON)
    assert ledger.bodies == sent


async def test_a_full_replica_keeps_its_pin_for_as_long_as_it_works(world: World, client: Client) -> None:
    """Its successor would otherwise begin on the same subject."""
    stream, ledger = await prepare(world, client, order="partition", concurrency=1)
    running: dict[str, int] = defaultdict(int)
    most = 0

    async def work(call: Call) -> web.StreamResponse:
        nonlocal most
        subject = call.headers["event-topic"]
        running[subject] += 1
        most = max(most, running[subject])
        await asyncio.sleep(4.0 if call.body == b"0" else 0.0)
        running[subject] -= 1
        return web.Response()

    ledger.answer = work
    quick = {"NATS_ACK_WAIT": "1.5"}
    async with world.service(**quick), world.service(**quick):
        await world.until_ready()
        await publish_all(client, f"{stream}.a", [b"%d" % number for number in range(600)])
        await until(lambda: len(ledger.calls) == 1)
        first = await pin(client, stream)
        await ledger.until_done(1)
        assert await pin(client, stream) == first
        await ledger.until_done(600)
    assert most == 1
    assert ledger.bodies == [b"%d" % number for number in range(600)]


async def test_a_pinned_replica_that_is_idle_keeps_its_pin(world: World, client: Client) -> None:
    stream, ledger = await prepare(world, client)
    quick = {"NATS_ACK_WAIT": "1.5"}
    async with world.service(**quick), world.service(**quick):
        await world.until_ready()
        await publish_all(client, f"{stream}.a", [b"0"])
        await ledger.until_done(1)
        first = await pin(client, stream)
        held_since = time.monotonic()

        async def still() -> bool:
            assert await pin(client, stream) == first
            return time.monotonic() - held_since > 4.0

        assert first
        await until(still)


async def test_a_replica_that_an_operator_unpins_gets_messages_again(world: World, client: Client) -> None:
    stream, ledger = await prepare(world, client)
    async with world.service(**PATIENT):
        await world.until_ready()
        for number in range(3):
            await publish_all(client, f"{stream}.a", [b"%d" % number])
            await until(lambda number=number: len(ledger.bodies) > number, deadline=SOON)  # type: ignore[misc]
            await api(client, f"CONSUMER.UNPIN.{stream}.{consumer()}", {"group": GROUP})


@pytest.mark.parametrize(
    ("before", "after"), [("none", "partition"), ("partition", "key"), ("key", "none"), ("none", "key")]
)
async def test_the_order_of_a_trigger_can_change(world: World, client: Client, before: str, after: str) -> None:
    stream, ledger = await prepare(world, client, order=before)
    async with world.service(**PATIENT) as here, world.service(**PATIENT) as there:
        await world.until_ready()
        await publish_all(client, f"{stream}.a", [b"before"])
        await ledger.until_done(1)
        await world.change(delivery={"order": after})

        async def changed() -> bool:
            info = await api(client, f"CONSUMER.INFO.{stream}.{consumer()}")
            pinned: bool = info["config"].get("priority_policy", "none") == "pinned_client"
            return pinned == (after != "none")

        await until(changed, deadline=5.0)
        for service in (here, there):
            await until(lambda s=service: all(e.healthy for e in s.subscriptions.observed().values()))  # type: ignore[misc]
        bodies = [b"%d" % number for number in range(100)]
        await publish_all(client, f"{stream}.a", bodies)
        await ledger.until_done(101, deadline=5.0)
    assert sorted(ledger.bodies) == sorted([b"before", *bodies])
    if after != "none":
        assert ledger.bodies == [b"before", *bodies]
