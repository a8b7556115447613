"""Core NATS: queue groups, wildcards, replies, and drops that are counted."""

import asyncio

from aiohttp import web
from nats.aio.client import Client

from support.kafkaworld import Call, until
from support.natsworld import World, connected, make_world, metrics, new_name
from support.realnats import RealNats


async def test_every_function_gets_each_message_once_over_replicas(world: World, client: Client) -> None:
    topic = new_name()
    first = await world.function("one", labels={"app": "a"})
    second = await world.function("two", labels={"app": "a"})
    await world.trigger(topic=f"{topic}.*", functionSelector={"matchLabels": {"app": "a"}})
    async with world.service() as here, world.service() as there:
        await world.until_ready()
        await until(lambda: all(each.healthy for s in (here, there) for each in s.subscriptions.observed().values()))
        for number in range(100):
            await client.publish(f"{topic}.x", b"%d" % number)
        await until(lambda: len(first.done) >= 100 and len(second.done) >= 100)
        counted = [await metrics(service.admin_port) for service in (here, there)]
    assert sorted(first.bodies, key=int) == sorted(second.bodies, key=int) == [b"%d" % n for n in range(100)]
    assert sum(each["kubeless_events_delivered_total"] for each in counted) == 200
    headers = first.done[0].headers
    assert headers["event-namespace"] == "natstriggers.kubeless.io"
    assert headers["event-topic"] == f"{topic}.x"


async def test_the_queue_group_is_named_as_ever(world: World, client: Client) -> None:
    topic = new_name()
    ledger = await world.function()
    await world.trigger(topic=topic)
    taken = []

    async def take(message: object) -> None:
        taken.append(message)

    async with world.service():
        await world.until_ready()
        await client.subscribe(topic, queue=f"default_orders_greet_{topic}", cb=take)
        await client.flush()
        for _ in range(200):
            await client.publish(topic, b"x")
        await until(lambda: len(ledger.done) + len(taken) == 200)
    assert taken
    assert ledger.done


async def test_a_request_gets_the_response_of_the_function(world: World, client: Client) -> None:
    topic = new_name()
    ledger = await world.function()

    async def shout(call: Call) -> web.StreamResponse:
        return web.Response(status=201, body=call.body.upper(), headers={"X-Shop": "here"})

    ledger.answer = shout
    await world.trigger(topic=topic)
    async with world.service():
        await world.until_ready()
        answer = await client.request(topic, b"hello", timeout=5)
    assert answer.data == b"HELLO"
    assert answer.headers is not None
    assert answer.headers["kubeless-status"] == "201"
    assert answer.headers["kubeless-x-shop"] == "here"


async def test_a_request_that_fails_is_answered_with_why(world: World, client: Client) -> None:
    topic = new_name()
    ledger = await world.function()

    async def refuse(_: Call) -> web.StreamResponse:
        return web.Response(status=404, text="no such order")

    ledger.answer = refuse
    await world.trigger(topic=topic)
    async with world.service():
        await world.until_ready()
        answer = await client.request(topic, b"hello", timeout=5)
    assert answer.data == b"no such order"
    assert answer.headers is not None
    assert answer.headers["kubeless-status"] == answer.headers["Nats-Service-Error-Code"] == "404"
    assert "no such order" in answer.headers["kubeless-error"]


async def test_a_response_larger_than_a_message_is_answered_with_an_error(world: World, client: Client) -> None:
    topic = new_name()
    ledger = await world.function()

    async def babble(_: Call) -> web.StreamResponse:
        return web.Response(body=b"x" * 3_000_000)

    ledger.answer = babble
    await world.trigger(topic=topic)
    async with world.service():
        await world.until_ready()
        answer = await client.request(topic, b"hello", timeout=5)
    assert answer.headers is not None
    assert answer.headers["kubeless-status"] == "502"


async def test_what_is_too_much_is_dropped_counted_and_told(world: World, client: Client) -> None:
    topic = new_name()
    ledger = await world.function()
    go = asyncio.Event()

    async def wait(_: Call) -> web.StreamResponse:
        await go.wait()
        return web.Response()

    ledger.answer = wait
    await world.trigger(topic=topic)
    async with world.service(NATS_PENDING_MESSAGES="100") as service:
        await world.until_ready()
        for _ in range(1000):
            await client.publish(topic, b"x")
        await client.flush()
        await world.until_condition("SlowConsumer", "True", "MessagesDropped")
        answer = await client.request(topic, b"x", timeout=5)
        go.set()
        await until(lambda: len(ledger.done) == 100)
        counted = await metrics(service.admin_port)
    assert answer.headers is not None
    assert answer.headers["kubeless-status"] == "503"
    assert counted["kubeless_events_received_total"] == 1001
    assert counted["kubeless_events_dropped_total:slow_consumer"] == 901


async def test_without_jetstream_failed_events_are_dropped_and_the_status_says_so(plain_nats: RealNats) -> None:
    async with make_world(plain_nats.url) as world, connected(plain_nats.url) as client:
        ledger = await world.function()

        async def refuse(_: Call) -> web.StreamResponse:
            return web.Response(status=400)

        ledger.answer = refuse
        await world.trigger(topic="orders")
        async with world.service() as service:
            await world.until_ready()
            await client.publish("orders", b"x")

            async def dropped() -> bool:
                return (await metrics(service.admin_port))["kubeless_events_dropped_total:no_dead_letter"] == 1

            await until(dropped)
            assert await world.condition("DeadLetterWritable") == ("False", "AtMostOnce")
            assert await world.condition("DeliveryGuaranteed") == ("False", "AtMostOnce")


async def test_a_change_of_subject_and_a_suspension_hold_within_a_second(world: World, client: Client) -> None:
    topic, other = new_name(), new_name()
    ledger = await world.function()
    slow = asyncio.Event()

    async def work(call: Call) -> web.StreamResponse:
        if call.body == b"slow":
            await slow.wait()
        return web.Response()

    ledger.answer = work
    await world.trigger(topic=topic)
    async with world.service() as service:
        await world.until_ready()
        await client.publish(topic, b"slow")
        await until(lambda: len(ledger.calls) == 1)
        await world.change(topic=other)

        async def arrived(subject: str) -> bool:
            await client.publish(subject, b"x")
            await client.flush()
            return any(call.headers["event-topic"] == subject for call in ledger.done)

        await until(lambda: arrived(other), deadline=1.0)
        await world.change(suspend=True)
        await until(lambda: not [s for s in service.subscriptions.observed().values() if s.healthy], deadline=1.0)
        await world.change(suspend=False, topic=topic)
        await until(lambda: arrived(topic), deadline=1.0)
        slow.set()
        await until(lambda: b"slow" in ledger.bodies)


async def test_the_service_comes_back_with_the_server(plain_nats: RealNats) -> None:
    async with make_world(plain_nats.url) as world:
        ledger = await world.function()
        await world.trigger(topic="orders")
        async with world.service():
            await world.until_ready()
            plain_nats.kill()
            await world.until_condition("BrokerReachable", "False")
            await asyncio.to_thread(plain_nats.start)
            await world.until_ready()
            async with connected(plain_nats.url) as client:
                await client.publish("orders", b"back")
                await ledger.until_done(1)


async def test_a_server_that_hangs_is_noticed(plain_nats: RealNats) -> None:
    async with make_world(plain_nats.url) as world:
        await world.function()
        await world.trigger(topic="orders")
        async with world.service():
            await world.until_ready()
            plain_nats.freeze()
            await world.until_condition("BrokerReachable", "False")
            plain_nats.resume()
            await world.until_ready()


async def test_a_subject_that_is_none_is_told(world: World) -> None:
    async with world.service():
        await world.trigger(topic="orders.a*.x")
        await world.until_condition("Ready", "False", "InvalidSpec")
