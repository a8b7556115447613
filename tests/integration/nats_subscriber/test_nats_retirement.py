"""Consumers of ours go with their trigger or function; nothing else takes them along."""

from typing import Any

import pytest
from aiohttp import web
from nats.aio.client import Client

from kubeless.api.resource import FUNCTIONS, NATS_TRIGGERS
from support.kafkaworld import Call, Ledger, until
from support.natsworld import NAMESPACE, World, api, make_stream, new_name, publish_all
from support.realnats import RealNats

OURS = "kubeless_default_orders_greet"


async def consumers(client: Client, stream: str) -> list[str]:
    names: list[str] = (await api(client, f"CONSUMER.NAMES.{stream}"))["consumers"]
    return sorted(names)


async def prepare(world: World, client: Client, **spec: Any) -> tuple[str, Ledger]:
    stream = new_name()
    await make_stream(client, stream, stream)
    ledger = await world.function()
    await world.trigger(topic=stream, stream=stream, **spec)
    return stream, ledger


async def until_gone(client: Client, stream: str) -> None:
    async def gone() -> bool:
        return not await consumers(client, stream)

    await until(gone, deadline=5.0)


@pytest.mark.parametrize("suspended", [False, True])
@pytest.mark.parametrize("kind", [NATS_TRIGGERS, FUNCTIONS])
async def test_a_consumer_goes_with_its_trigger_and_with_its_function(
    world: World, client: Client, kind: object, suspended: bool
) -> None:
    stream, _ = await prepare(world, client)
    async with world.service() as service, world.service():
        await world.until_ready()
        if suspended:
            await world.change(suspend=True)
            await until(lambda: not service.subscriptions.observed())
        assert await consumers(client, stream) == [OURS]
        name = "orders" if kind is NATS_TRIGGERS else "greet"
        await world.client.delete(kind, name, namespace=NAMESPACE)  # type: ignore[arg-type]
        await until_gone(client, stream)


async def test_a_named_consumer_goes_if_we_made_it(world: World, client: Client) -> None:
    stream, _ = await prepare(world, client, durable="named")
    async with world.service():
        await world.until_ready()
        assert await consumers(client, stream) == ["named"]
        await world.client.delete(NATS_TRIGGERS, "orders", namespace=NAMESPACE)
        await until_gone(client, stream)


async def test_a_consumer_that_somebody_else_made_stays(world: World, client: Client) -> None:
    stream, adopted = new_name(), "theirs"
    await make_stream(client, stream, stream)
    config = {"durable_name": adopted, "ack_policy": "explicit"}
    await api(client, f"CONSUMER.DURABLE.CREATE.{stream}.{adopted}", {"stream_name": stream, "config": config})
    other, _ = await prepare(world, client)
    await world.trigger("borrowed", topic=stream, stream=stream, durable=adopted)
    async with world.service():
        await world.until_ready()
        await world.until_ready("borrowed")
        for name in ("borrowed", "orders"):
            await world.client.delete(NATS_TRIGGERS, name, namespace=NAMESPACE)
        await until_gone(client, other)
        assert await consumers(client, stream) == [adopted]


async def test_neither_a_suspension_nor_a_restart_nor_other_labels_take_it_along(world: World, client: Client) -> None:
    stream, ledger = await prepare(world, client)
    other, _ = await _second(world, client)
    async with world.service() as service:
        await world.until_ready()
        await world.until_ready("marker")
        await world.change(suspend=True)
        await until(lambda: len(service.subscriptions.observed()) == 1)
        await world.change(suspend=False, functionSelector={"matchLabels": {"function": "nobody"}})
    async with world.service():
        await world.until_condition("Ready", "False", "NoFunctions")
        await world.client.delete(NATS_TRIGGERS, "marker", namespace=NAMESPACE)
        await until_gone(client, other)
        assert await consumers(client, stream) == [OURS]
        await publish_all(client, stream, [b"meanwhile"])
        await world.change(functionSelector={"matchLabels": {"function": "greet"}})
        await until(lambda: ledger.bodies == [b"meanwhile"])


async def _second(world: World, client: Client) -> tuple[str, Ledger]:
    """A trigger whose deletion shows that deletions are dealt with."""
    stream = new_name()
    await make_stream(client, stream, stream)
    ledger = await world.function("second")
    await world.trigger("marker", topic=stream, stream=stream, function="second")
    return stream, ledger


async def test_what_is_under_way_ends_before_the_consumer_goes(world: World, client: Client) -> None:
    stream, ledger = await prepare(world, client)
    began: list[bytes] = []
    go = False

    async def work(call: Call) -> web.StreamResponse:
        began.append(call.body)
        await until(lambda: go)
        return web.Response()

    ledger.answer = work
    async with world.service() as service:
        await world.until_ready()
        await publish_all(client, stream, [b"x"])
        await until(lambda: bool(began))
        await world.client.delete(NATS_TRIGGERS, "orders", namespace=NAMESPACE)
        await until(lambda: not any(each.wanted for each in service.subscriptions.observed().values()))
        assert await consumers(client, stream) == [OURS]
        go = True
        await until_gone(client, stream)
    assert ledger.bodies == [b"x"]


async def test_a_consumer_is_removed_once_the_server_is_back(world: World, client: Client, nats: RealNats) -> None:
    stream, _ = await prepare(world, client)
    async with world.service():
        await world.until_ready()
        nats.freeze()
        try:
            await world.until_condition("BrokerReachable", "False")
            await world.client.delete(NATS_TRIGGERS, "orders", namespace=NAMESPACE)
            await until(lambda: _is_deleted(world))
        finally:
            nats.resume()
        await until_gone(client, stream)


async def _is_deleted(world: World) -> bool:
    return not (await world.client.list(NATS_TRIGGERS)).items
