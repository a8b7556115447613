"""What changes while messages come: labels of functions, and replicas that give messages back."""

import asyncio
import time

import pytest
from aiohttp import web
from nats.aio.client import Client

from kubeless.api.resource import FUNCTIONS
from support.kafkaworld import Call, until
from support.natsworld import NAMESPACE, World, make_stream, new_name, publish_all


async def label(world: World, function: str, app: str) -> None:
    await world.client.patch(FUNCTIONS, function, {"metadata": {"labels": {"app": app}}}, namespace=NAMESPACE)


async def until_serves(world: World, *functions: str) -> None:
    async def holds() -> bool:
        return (await world.status()).get("functions") == list(functions)

    await until(holds)


@pytest.mark.parametrize("stored", [False, True])
async def test_a_label_that_changes_moves_messages_to_another_function(
    world: World, client: Client, stored: bool
) -> None:
    """A function that is selected again goes on where it was if there is a stream, and missed the rest if not."""
    subject = new_name()
    await make_stream(client, subject, subject)
    one = await world.function("one", labels={"app": "a"})
    two = await world.function("two", labels={"app": "b"})
    selector = {"matchLabels": {"app": "a"}}
    await world.trigger(topic=subject, functionSelector=selector, stream=subject if stored else "")
    async with world.service():
        await until_serves(world, "one")
        await world.until_ready()
        await publish_all(client, subject, [b"first"]) if stored else await client.publish(subject, b"first")
        await one.until_done(1)
        await label(world, "one", "b")
        await label(world, "two", "a")
        await until_serves(world, "two")
        await world.until_ready()
        await client.publish(subject, b"second")
        await until(lambda: b"second" in two.bodies)
        await label(world, "one", "a")
        await until_serves(world, "one", "two")
        await world.until_ready()
        await client.publish(subject, b"third")
        await until(lambda: b"third" in one.bodies and b"third" in two.bodies)
    assert one.bodies == ([b"first", b"second", b"third"] if stored else [b"first", b"third"])
    assert two.bodies[-2:] == [b"second", b"third"]


async def test_a_message_that_is_given_back_again_waits_as_long_as_the_policy_says(
    world: World, client: Client
) -> None:
    """The first time almost at once; and long before the server would give up on who had it."""
    stream = new_name()
    await make_stream(client, stream, stream)
    ledger = await world.function()
    came: list[float] = []

    async def hang(_: Call) -> web.StreamResponse:
        came.append(time.monotonic())
        await asyncio.sleep(30)
        return web.Response()

    ledger.answer = hang
    retry = {"maxAttempts": 9, "initialDelay": 1.5, "maxDelay": 5}
    await world.trigger(topic=stream, stream=stream, delivery={"timeout": 20, "retry": retry})
    await publish_all(client, stream, [b"x"])
    given_back: list[float] = []
    for count in (1, 2, 3):
        async with world.service(NATS_ACK_WAIT="60", NATS_DRAIN_TIMEOUT="0.05"):
            await until(lambda count=count: len(came) == count)  # type: ignore[misc]
        given_back.append(time.monotonic())
    assert came[1] - given_back[0] < 1.0
    assert 1.0 < came[2] - given_back[1] < 10.0
