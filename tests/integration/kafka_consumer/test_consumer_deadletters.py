"""A dead letter is as good as the record it was made of: whatever that was, and when it is delivered at last."""

import asyncio
import os

import aiohttp
from aiohttp import web
from confluent_kafka import Producer

from support.kafkaworld import Call, World, new_topic, ok

LETTERS = "{}.default.orders.dlq"


async def refuse(_: Call) -> web.StreamResponse:
    return web.Response(status=413)


async def publish_nothing(world: World, topic: str, timestamp: int) -> None:
    """A record with neither key nor value: librdkafka writes what aiokafka only reads."""
    producer = Producer({"bootstrap.servers": world.bootstrap})
    producer.produce(topic, timestamp=timestamp)
    assert await asyncio.to_thread(producer.flush, 20) == 0


async def redrive(session: aiohttp.ClientSession, port: int, topic: str, *letters: str) -> None:
    url = f"http://127.0.0.1:{port}/deadletters/{LETTERS.format(topic)}/redrive"
    async with session.post(url, json={"letters": letters}) as response:
        assert response.status == 200
        assert (await response.text()).count('"delivered"') == len(letters)


async def test_a_record_with_neither_key_nor_value_is_kept_and_redriven_as_it_was(
    world: World, session: aiohttp.ClientSession
) -> None:
    topic, moment = new_topic(), 1_700_000_000_123
    await world.make_topic(topic)
    ledger = await world.function()
    ledger.answer = refuse
    await world.trigger(topic=topic)
    async with world.service() as service:
        await publish_nothing(world, topic, moment)
        await world.until_committed("greet", topic, 1)
        (letter,) = await world.read_all(LETTERS.format(topic))
        assert (letter.key, letter.value, dict(letter.headers)["kubeless-null-value"]) == (None, b"", b"true")
        ledger.answer = ok
        await redrive(session, service.admin_port, topic, "0/0")
    first, again = (call.headers for call in ledger.calls)
    assert first["ce-kafkatombstone"] == again["ce-kafkatombstone"] == "true"
    varying = {"traceparent", "host", "ce-traceparent"}
    assert {each: first[each] for each in first.keys() - varying} == {
        each: again[each] for each in again.keys() - varying
    }
    assert again["ce-kafkatimestamp"] == str(moment)


async def test_an_event_larger_than_the_brokers_default_is_kept_whole(
    world: World, session: aiohttp.ClientSession
) -> None:
    topic = new_topic()
    await world.make_topic(topic, 2, max_message_bytes=str(4 << 20))
    ledger = await world.function()
    ledger.answer = refuse
    await world.trigger(topic=topic)
    bodies = [os.urandom(1_500_000) for _ in range(3)]
    async with world.service() as service:
        for number, body in enumerate(bodies):
            await world.publish(topic, body, partition=number % 2)
        await world.until_committed("greet", topic, 3)
        letters = await world.read_all(LETTERS.format(topic))
        assert sorted(letter.value for letter in letters) == sorted(bodies)
        ledger.answer = ok
        await redrive(session, service.admin_port, topic, "0/0", "0/1", "1/0")
    assert sorted(ledger.bodies) == sorted(bodies)
