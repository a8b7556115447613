"""
Whatever fails while events flow: none is lost, each key keeps its order, and the numbers add up.

Every story has its own fault; what has to hold after it is checked against the ledger the same way each time.
"""

import asyncio
import socket
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import aiohttp
import pytest
from aiohttp import web
from aiokafka.errors import KafkaError

from kubeless.kafka_consumer.service import KafkaConsumer, serve
from kubeless.kube.client import KubeClient
from support.kafkaworld import Call, Ledger, World, admin, new_topic, producer, until
from support.tcpline import TcpLine

PARTITIONS = 3
KEYS = 8
RETRY = {"maxAttempts": 4, "initialDelay": 0.01, "maxDelay": 0.05}
LONG = 60.0
"""Seconds for what has to happen in the end, on a machine with other things to do."""


@dataclass
class Load:
    """Records `<key>:<number>`, published one after the other until `finish`."""

    world: World
    topic: str
    sent: list[bytes] = field(default_factory=list)
    """Those that the broker took."""
    _enough: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        number = 0
        async with producer(self.world.bootstrap) as sender:
            while not self._enough.is_set():
                for key in range(KEYS):
                    body = b"%d:%d" % (key, number)
                    with suppress(KafkaError):  # while the topic is away
                        await sender.send_and_wait(self.topic, body, key=b"%d" % key)
                        self.sent.append(body)
                number += 1
                await asyncio.sleep(0.02)

    async def more(self, count: int = 100) -> None:
        """Wait until that many further records were published."""
        target = len(self.sent) + count
        await until(lambda: len(self.sent) >= target, deadline=LONG)

    def finish(self) -> None:
        self._enough.set()


@asynccontextmanager
async def load(world: World, topic: str) -> AsyncIterator[Load]:
    """Publish while the body runs; it ends when all is published."""
    flow = Load(world, topic)
    async with asyncio.TaskGroup() as group:
        group.create_task(flow.run())
        try:
            yield flow
        finally:
            flow.finish()


async def letters_of(world: World, topic: str) -> list[bytes]:
    name = f"{topic}.default.orders.dlq"
    async with admin(world.bootstrap) as client:
        if name not in await client.list_topics():
            return []
    return [letter.value for letter in await world.read_all(name)]


def numbers_by_key(bodies: list[bytes]) -> dict[bytes, list[int]]:
    found: dict[bytes, list[int]] = defaultdict(list)
    for body in bodies:
        key, _, number = body.partition(b":")
        found[key].append(int(number))
    return found


def check_order(ledger: Ledger) -> None:
    """Each key's events were taken in the order they were published."""
    assert all(numbers == sorted(numbers) for numbers in numbers_by_key(ledger.bodies).values())


async def fates(session: aiohttp.ClientSession, service: KafkaConsumer) -> Counter[str]:
    """The events of the trigger by fate, as `/metrics` tells."""
    async with session.get(f"http://127.0.0.1:{service.admin_port}/metrics") as response:
        lines = (await response.text()).splitlines()
    found: Counter[str] = Counter()
    for line in lines:
        name, _, labels = line.partition("{")
        if name.startswith("kubeless_events_") and 'trigger="orders"' in labels:
            found[name.removeprefix("kubeless_events_").removesuffix("_total")] += int(float(line.rpartition(" ")[2]))
    return found


async def check_sums(session: aiohttp.ClientSession, service: KafkaConsumer) -> Counter[str]:
    found = await fates(session, service)
    ends = ("delivered", "refused", "dead_lettered", "dropped", "released", "in_flight")
    assert found["received"] == sum(found[end] for end in ends)
    assert found["in_flight"] == 0
    return found


async def settled(world: World, topic: str, count: int) -> None:
    async def acknowledged() -> bool:
        return sum((await world.committed(f"default_orders_greet_{topic}")).values()) == count

    await until(acknowledged, deadline=LONG)


# What functions do.

Seen = Counter[bytes]


async def fails_500(call: Call, seen: Seen) -> web.StreamResponse:
    return web.Response(status=500 if seen[call.body] < 3 and call.body.endswith(b"3") else 200)


async def refuses_404(call: Call, _: Seen) -> web.StreamResponse:
    return web.Response(status=404 if call.body.endswith(b"3") else 200)


async def asks_for_time_429(call: Call, seen: Seen) -> web.StreamResponse:
    if seen[call.body] == 1 and call.body.endswith(b"13"):
        return web.Response(status=429, headers={"Retry-After": "1"})
    return web.Response()


async def hangs(call: Call, seen: Seen) -> web.StreamResponse:
    if seen[call.body] == 1 and call.body.endswith(b"13"):
        await asyncio.sleep(30)
    return web.Response()


async def closes_the_connection(call: Call, seen: Seen) -> web.StreamResponse:
    if seen[call.body] == 1 and call.body.endswith(b"3"):
        raise ConnectionResetError
    return web.Response()


async def is_poisoned(call: Call, _: Seen) -> web.StreamResponse:
    return web.Response(status=500 if call.body == b"1:5" else 200)


Behaviour = Callable[[Call, Seen], Awaitable[web.StreamResponse]]


@pytest.mark.parametrize(
    ("behaviour", "lost_to_letters"),
    [
        (fails_500, lambda _: False),
        (refuses_404, lambda body: body.endswith(b"3")),
        (asks_for_time_429, lambda _: False),
        (hangs, lambda _: False),
        (closes_the_connection, lambda _: False),
        (is_poisoned, lambda body: body == b"1:5"),
    ],
)
async def test_a_function_that_misbehaves_under_load_costs_no_event_and_no_order(
    world: World,
    session: aiohttp.ClientSession,
    behaviour: Behaviour,
    lost_to_letters: Callable[[bytes], bool],
) -> None:
    topic, seen = new_topic(), Seen()
    await world.make_topic(topic, PARTITIONS)
    ledger = await world.function()

    async def answer(call: Call) -> web.StreamResponse:
        seen[call.body] += 1
        return await behaviour(call, seen)

    ledger.answer = answer
    await world.trigger(topic=topic, delivery={"order": "key", "timeout": 0.5, "retry": RETRY})
    async with world.service() as service:
        async with load(world, topic) as flow:
            await flow.more(KEYS * 20)
        await settled(world, topic, len(flow.sent))
        found = await check_sums(session, service)
        letters = await letters_of(world, topic)
    assert sorted(letters) == sorted(filter(lost_to_letters, flow.sent))
    assert sorted(ledger.bodies + letters) == sorted(flow.sent)
    assert (found["dead_lettered"], found["delivered"]) == (len(letters), len(ledger.bodies))
    check_order(ledger)


async def test_a_function_that_dies_and_comes_back_gets_what_it_missed(
    world: World, session: aiohttp.ClientSession
) -> None:
    """Nothing listens for a while: that is no attempt that failed for good."""
    topic = new_topic()
    await world.make_topic(topic, PARTITIONS)
    ledger = await world.function()
    await world.trigger(topic=topic, delivery={"order": "key", "retry": {"maxAttempts": 1000, "maxDelay": 0.2}})
    async with world.service() as service:
        async with load(world, topic) as flow:
            await flow.more()
            await ledger.die()
            await flow.more()
            await ledger.come_back()
        await settled(world, topic, len(flow.sent))
        await check_sums(session, service)
    assert set(ledger.bodies) == set(flow.sent)
    assert sum(ledger.ids.values()) - len(flow.sent) <= KEYS  # what it had taken when it died, and not answered
    for numbers in numbers_by_key(list(dict.fromkeys(ledger.bodies))).values():
        assert numbers == sorted(numbers)


async def test_an_api_server_that_is_away_disturbs_no_event(world: World, session: aiohttp.ClientSession) -> None:
    topic = new_topic()
    await world.make_topic(topic, PARTITIONS)
    ledger = await world.function()
    await world.trigger(topic=topic, delivery={"order": "key"})
    async with (
        TcpLine(world.client.server) as line,
        await KubeClient.anonymous(line.url) as client,
        serve(world.settings(), client) as service,
    ):
        async with load(world, topic) as flow:
            await flow.more()
            line.cut()
            before = len(ledger.done)
            await flow.more(300)
            await ledger.until_done(before + 200, deadline=LONG)
            await world.change(suspend=True)
            line.mend()
            await until(lambda: len(service.subscriptions) == 0, deadline=LONG)
            await world.change(suspend=False)
        await settled(world, topic, len(flow.sent))
        await check_sums(session, service)
    assert sorted(ledger.bodies) == sorted(flow.sent)
    check_order(ledger)


async def test_an_api_server_that_is_away_at_the_start_is_waited_for(
    world: World, session: aiohttp.ClientSession
) -> None:
    topic = new_topic()
    await world.make_topic(topic, PARTITIONS)
    ledger = await world.function()
    await world.trigger(topic=topic)
    bodies = await world.publish_many(topic, 50)
    admin_port = free_port()
    url = f"http://127.0.0.1:{admin_port}/deadletters/{topic}/redrive"
    async with TcpLine(world.client.server, whole=False) as line, await KubeClient.anonymous(line.url) as client:
        done = asyncio.Event()

        async def run() -> None:
            async with serve(world.settings(ADMIN_PORT=str(admin_port)), client):
                await done.wait()

        async with asyncio.TaskGroup() as group:
            group.create_task(run())
            await until(lambda: answers_unready(session, url), deadline=LONG)
            line.mend()
            await ledger.until_done(50, deadline=LONG)
            await settled(world, topic, 50)
            done.set()
    assert sorted(ledger.bodies) == sorted(bodies)


async def answers_unready(session: aiohttp.ClientSession, url: str) -> bool:
    """Whether a redrive is told to come again, by a service that is there already."""
    try:
        async with session.post(url, json={"letters": ["0/0"]}) as response:
            return response.status == 503 and (await response.json())["reason"] == "NotReady"
    except aiohttp.ClientConnectionError:
        return False


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


async def test_a_topic_deleted_and_remade_under_load_loses_only_what_was_deleted(
    world: World, session: aiohttp.ClientSession
) -> None:
    topic = new_topic()
    await world.make_topic(topic, PARTITIONS)
    ledger = await world.function()
    await world.trigger(topic=topic, delivery={"order": "key"})
    async with world.service() as service:
        async with load(world, topic) as flow:
            await flow.more()
            async with admin(world.bootstrap) as client:
                await client.delete_topics([topic])
            await world.until_condition("Ready", "False", "TopicNotFound")
            await world.make_topic(topic, PARTITIONS)
            remade = len(flow.sent)
            await flow.more()
        await until(lambda: set(flow.sent[remade:]) <= set(ledger.bodies), deadline=LONG)
        await until(lambda: nothing_in_flight(session, service), deadline=LONG)
        await check_sums(session, service)
    assert set(ledger.bodies) <= set(flow.sent)


async def nothing_in_flight(session: aiohttp.ClientSession, service: KafkaConsumer) -> bool:
    return (await fates(session, service))["in_flight"] == 0


async def test_a_topic_made_late_is_consumed_from_its_first_event(world: World, session: aiohttp.ClientSession) -> None:
    topic = new_topic()
    ledger = await world.function()
    await world.trigger(topic=topic, startFrom="trigger", delivery={"order": "key"})
    async with world.service() as service:
        await world.until_condition("Ready", "False", "TopicNotFound")
        await world.make_topic(topic, PARTITIONS)
        async with load(world, topic) as flow:
            await flow.more()
        await settled(world, topic, len(flow.sent))
        await check_sums(session, service)
    assert sorted(ledger.bodies) == sorted(flow.sent)
    check_order(ledger)


async def test_dead_letters_that_cannot_be_written_hold_their_lanes_and_are_all_kept_once_they_can(
    world: World, session: aiohttp.ClientSession
) -> None:
    """The topic takes nothing of any size at first: what a full disk or a missing right looks like from here."""
    topic, letters = new_topic(), new_topic()
    await world.make_topic(topic, PARTITIONS)
    await world.make_topic(letters, max_message_bytes="100")
    ledger = await world.function()

    async def answer(call: Call) -> web.StreamResponse:
        return web.Response(status=400 if call.key == "3" else 200)

    ledger.answer = answer
    await world.trigger(topic=topic, delivery={"order": "key", "deadLetter": {"topic": letters}})
    async with world.service() as service:
        async with load(world, topic) as flow:
            await world.until_condition("DeadLetterWritable", "False")
            before = len(ledger.done)
            await ledger.until_done(before + 100, deadline=LONG)  # the other keys go on
            assert await world.read_all(letters) == []
            async with admin(world.bootstrap) as client:
                await client.delete_topics([letters])
            await world.until_condition("DeadLetterWritable", "True")
        await settled(world, topic, len(flow.sent))
        await check_sums(session, service)
        kept = [letter.value for letter in await world.read_all(letters)]
    assert kept == [body for body in flow.sent if body.startswith(b"3:")]
    assert sorted(ledger.bodies + kept) == sorted(flow.sent)
    check_order(ledger)


async def test_an_event_too_large_for_a_dead_letter_topic_of_the_users_waits_and_says_so(
    world: World, session: aiohttp.ClientSession
) -> None:
    topic, letters, larger = new_topic(), new_topic(), new_topic()
    await world.make_topic(topic, max_message_bytes=str(4 << 20))
    await world.make_topic(letters)
    ledger = await world.function()

    async def answer(call: Call) -> web.StreamResponse:
        return web.Response(status=413 if len(call.body) > 1 << 20 else 200)

    ledger.answer = answer
    await world.trigger(topic=topic, delivery={"order": "key", "deadLetter": {"topic": letters}})
    large = b"x" * 1_500_000
    async with world.service() as service:
        await world.publish(topic, large, key=b"large")
        await world.publish(topic, b"small", key=b"small")
        await world.until_condition("DeadLetterWritable", "False", "WriteFailed")
        await ledger.until_done(1)
        condition = next(each for each in (await world.status())["conditions"] if each["type"] == "DeadLetterWritable")
        assert "raise its max.message.bytes" in condition["message"]
        await world.change(delivery={"deadLetter": {"topic": larger}})
        await settled(world, topic, 2)
        await check_sums(session, service)
        assert [letter.value for letter in await world.read_all(larger)] == [large]
