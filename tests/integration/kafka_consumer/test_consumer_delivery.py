"""Records become calls, offsets are committed after them, and what cannot be delivered is kept."""

import asyncio
from collections import defaultdict

from aiohttp import web

from support.kafkaworld import Call, World, new_topic, until


async def refuse(_: Call) -> web.StreamResponse:
    return web.Response(status=404, text="no such order")


async def fail(_: Call) -> web.StreamResponse:
    return web.Response(status=500, text="broken")


async def test_records_reach_the_function_once_and_are_committed(world: World) -> None:
    topic = new_topic()
    await world.make_topic(topic, 2)
    ledger = await world.function()
    await world.trigger(topic=topic)
    async with world.service():
        bodies = await world.publish_many(topic, 200)
        await ledger.until_done(200)
        await world.until_committed("greet", topic, 200)
    assert sorted(ledger.bodies) == sorted(bodies)
    assert set(ledger.ids.values()) == {1}


async def test_what_was_done_when_the_service_stops_is_committed_and_never_delivered_again(world: World) -> None:
    topic = new_topic()
    await world.make_topic(topic)
    ledger = await world.function()
    await world.trigger(topic=topic)
    for count in (2, 4):
        async with world.service(KAFKA_COMMIT_INTERVAL="60"):
            await world.publish(topic, b"one", b"two")
            await ledger.until_done(count)
    assert set(ledger.ids.values()) == {1}


async def test_each_partition_keeps_its_order(world: World) -> None:
    topic = new_topic()
    await world.make_topic(topic, 3)
    ledger = await world.function()

    async def stumble(call: Call) -> web.StreamResponse:
        seen = sum(other.body == call.body for other in ledger.calls)
        return web.Response(status=503 if seen == 1 and int(call.body) % 7 == 0 else 200)

    ledger.answer = stumble
    await world.trigger(topic=topic)
    async with world.service():
        await world.publish_many(topic, 150)
        await ledger.until_done(150)
    by_partition = defaultdict(list)
    for call in ledger.done:
        by_partition[call.headers["ce-kafkapartition"]].append(int(call.headers["ce-kafkaoffset"]))
    assert len(by_partition) == 3
    assert all(offsets == sorted(offsets) for offsets in by_partition.values())


async def test_keys_go_in_parallel_and_each_keeps_its_order(world: World) -> None:
    topic = new_topic()
    await world.make_topic(topic)
    ledger = await world.function()
    together = most = 0

    async def slow(_: Call) -> web.StreamResponse:
        nonlocal together, most
        together += 1
        most = max(most, together)
        await asyncio.sleep(0.02)
        together -= 1
        return web.Response()

    ledger.answer = slow
    await world.trigger(topic=topic, delivery={"order": "key", "concurrency": 4})
    async with world.service():
        await world.publish_many(topic, 100, keys=20)
        await ledger.until_done(100)
    by_key = defaultdict(list)
    for call in ledger.done:
        by_key[call.key].append(int(call.body))
    assert most == 4
    assert all(numbers == sorted(numbers) for numbers in by_key.values())


async def test_an_event_looks_as_kubeless_and_cloudevents_say(world: World) -> None:
    topic = new_topic()
    await world.make_topic(topic)
    ledger = await world.function()
    await world.trigger(topic=topic)
    async with world.service():
        await world.publish(topic, b'{"a":1}', key=b"k", timestamp_ms=1_700_000_000_123)
        await ledger.until_done(1)
    headers = ledger.done[0].headers
    assert headers["event-id"] == f"{topic}/0/0"
    assert headers["event-namespace"] == "kafkatriggers.kubeless.io"
    assert headers["event-topic"] == topic
    assert headers["event-type"] == headers["content-type"] == "application/json"
    assert headers["user-agent"].startswith("kubeless-kafka-trigger-controller/")
    assert headers["ce-id"] == f"{topic}/0/0"
    assert (headers["ce-kafkakey"], headers["ce-kafkapartition"], headers["ce-kafkaoffset"]) == ("k", "0", "0")
    assert headers["ce-kafkatimestamp"] == "1700000000123"


async def test_binary_values_and_tombstones_survive(world: World) -> None:
    topic = new_topic()
    await world.make_topic(topic)
    ledger = await world.function()
    await world.trigger(topic=topic)
    binary = bytes(range(256)) * 10
    async with world.service():
        await world.publish(topic, binary, None, b"", key=b"k")
        await ledger.until_done(3)
    assert ledger.bodies == [binary, b"", b""]
    assert [call.headers.get("ce-kafkatombstone") for call in ledger.done] == [None, "true", None]


async def test_a_refused_event_is_kept_byte_for_byte_and_the_next_one_delivered(world: World) -> None:
    topic = new_topic()
    await world.make_topic(topic, 2)
    ledger = await world.function()
    ledger.answer = refuse
    await world.trigger(topic=topic)
    async with world.service():
        await world.publish(topic, b"\x00\xff", None, key=b"\xfe", partition=1, headers=[("h", b"\x01")])
        await until(lambda: len(ledger.calls) == 2)
        await world.until_committed("greet", topic, 2)
        letters = await world.read_all(f"{topic}.default.orders.dlq")
    assert [(letter.key, letter.value, letter.partition) for letter in letters] == [
        (b"\xfe", b"\x00\xff", 1),
        (b"\xfe", None, 1),
    ]
    headers = dict(letters[0].headers)
    assert headers["h"] == b"\x01"
    assert headers["kubeless-function"] == b"default/greet"
    assert headers["kubeless-status"] == b"404"
    assert headers["kubeless-attempts"] == b"1"
    assert headers["kubeless-event-id"] == f"{topic}/1/0".encode()


async def test_an_exhausted_event_becomes_a_dead_letter_where_the_trigger_says(world: World) -> None:
    topic, letters = new_topic(), new_topic()
    await world.make_topic(topic)
    ledger = await world.function()
    ledger.answer = fail
    await world.trigger(
        topic=topic, delivery={"retry": {"maxAttempts": 3, "initialDelay": 0.01}, "deadLetter": {"topic": letters}}
    )
    async with world.service():
        await world.publish(topic, b"poison")
        await world.until_committed("greet", topic, 1)
        assert [letter.value for letter in await world.read_all(letters)] == [b"poison"]
    assert len(ledger.calls) == 3


async def test_an_event_whose_dead_letter_cannot_be_written_holds_its_partition_until_it_can(world: World) -> None:
    topic, letters = new_topic(), new_topic()
    await world.make_topic(topic)
    ledger = await world.function()
    ledger.answer = refuse
    bad = {"deadLetter": {"topic": "not a topic"}}
    await world.trigger(topic=topic, delivery=bad)
    async with world.service():
        await world.publish(topic, b"poison", b"next")
        await world.until_condition("DeadLetterWritable", "False")
        await world.until_condition("Ready", "False", "DeadLetterNotWritable")
        assert [call.body for call in ledger.calls] == [b"poison"]
        assert await world.committed(f"default_orders_greet_{topic}") in ({}, {0: 0})
        await world.change(delivery={"deadLetter": {"topic": letters}})
        await world.until_committed("greet", topic, 2)
        await world.until_condition("DeadLetterWritable", "True")
        assert [letter.value for letter in await world.read_all(letters)] == [b"poison", b"next"]


async def test_a_function_that_hangs_closes_or_asks_for_time_loses_nothing(world: World) -> None:
    topic = new_topic()
    await world.make_topic(topic, 2)
    ledger = await world.function(timeout="1")

    async def naughty(call: Call) -> web.StreamResponse:
        first = sum(other.body == call.body for other in ledger.calls) == 1
        number = int(call.body)
        if first and number == 3:
            await asyncio.sleep(10)
        if first and number == 5:
            raise ConnectionResetError
        if first and number == 7:
            return web.Response(status=429, headers={"Retry-After": "1"})
        return web.Response()

    ledger.answer = naughty
    await world.trigger(topic=topic, delivery={"timeout": 0.5, "order": "key"})
    async with world.service():
        bodies = await world.publish_many(topic, 20)
        await ledger.until_done(20)
        await world.until_committed("greet", topic, 20)
    assert sorted(ledger.bodies) == sorted(bodies)
    late = next(call.body for call in reversed(ledger.done) if call.body == b"7")
    assert ledger.ids.most_common(1)[0][1] == 1
    assert late == b"7"
