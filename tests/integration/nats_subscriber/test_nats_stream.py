"""JetStream: acknowledged after the outcome, in order, healed by itself."""

import asyncio
import json
from collections import defaultdict

from aiohttp import web
from nats.aio.client import Client

from kubeless.nats_subscriber.names import DEAD_LETTER_STREAM
from kubeless.nats_subscriber.outbox import Note
from support.kafkaworld import Call, Ledger, until
from support.natsworld import RETRY, World, api, make_stream, metrics, new_name, publish_all


async def until_acknowledged(client: Client, stream: str, consumer: str) -> None:
    async def done() -> bool:
        info = await api(client, f"CONSUMER.INFO.{stream}.{consumer}")
        return not info["num_pending"] and not info["num_ack_pending"]

    await until(done)


def consumer(trigger: str = "orders", function: str = "greet") -> str:
    return f"kubeless_default_{trigger}_{function}"


async def test_messages_of_a_stream_are_delivered_and_acknowledged(world: World, client: Client) -> None:
    stream = new_name()
    await make_stream(client, stream, f"{stream}.>")
    ledger = await world.function()
    await world.trigger(topic=f"{stream}.*", stream=stream)
    async with world.service() as service:
        await world.until_ready()
        await publish_all(client, f"{stream}.a", [b"%d" % n for n in range(50)], headers={"shop": "x"})
        await ledger.until_done(50)
        await until_acknowledged(client, stream, consumer())
        assert (await metrics(service.admin_port))["kubeless_nats_acks_total"] == 50
    headers = ledger.done[6].headers
    assert headers["event-id"] == f"{stream}/7"
    assert (headers["ce-natsstream"], headers["ce-natssequence"]) == (stream, "7")
    assert ledger.bodies == [b"%d" % n for n in range(50)]


async def test_what_was_published_before_the_service_starts_is_delivered(world: World, client: Client) -> None:
    stream = new_name()
    await make_stream(client, stream, stream)
    ledger = await world.function()
    await world.trigger(topic=stream, stream=stream)
    await publish_all(client, stream, [b"early"])
    async with world.service():
        await ledger.until_done(1)


async def test_order_holds_within_a_subject_over_replicas(world: World, client: Client) -> None:
    stream = new_name()
    await make_stream(client, stream, f"{stream}.*")
    ledger = await world.function()

    async def work(call: Call) -> web.StreamResponse:
        await asyncio.sleep(0.002 * (hash(call.body) % 3))
        return web.Response()

    ledger.answer = work
    await world.trigger(topic=f"{stream}.*", stream=stream)
    async with world.service(), world.service():
        await world.until_ready()
        for number in range(60):
            for subject in "abc":
                await publish_all(client, f"{stream}.{subject}", [b"%d" % number])
        await ledger.until_done(180)
    by_subject = defaultdict(list)
    for call in ledger.done:
        by_subject[call.headers["event-topic"]].append(int(call.body))
    assert all(numbers == list(range(60)) for numbers in by_subject.values())


async def test_a_slow_function_keeps_its_event(world: World, client: Client) -> None:
    """Longer than the server waits for an acknowledgement, while others wait in line."""
    stream = new_name()
    await make_stream(client, stream, stream)
    ledger = await world.function()

    async def work(_: Call) -> web.StreamResponse:
        await asyncio.sleep(1.2)
        return web.Response()

    ledger.answer = work
    await world.trigger(topic=stream, stream=stream, delivery={"concurrency": 1})
    async with world.service(NATS_ACK_WAIT="0.5") as service:
        await world.until_ready()
        await publish_all(client, stream, [b"a", b"b"])
        await ledger.until_done(2)
        await until_acknowledged(client, stream, consumer())
        assert (await metrics(service.admin_port))["kubeless_nats_redelivered_total"] == 0
    assert [call.body for call in ledger.calls] == [b"a", b"b"]


async def test_a_failed_event_becomes_one_dead_letter_and_is_ended(world: World, client: Client) -> None:
    stream = new_name()
    await make_stream(client, stream, stream)
    ledger = await world.function()

    async def fail(_: Call) -> web.StreamResponse:
        return web.Response(status=500, text="boom")

    ledger.answer = fail
    await world.trigger(stream, topic=stream, stream=stream)
    async with world.service() as service:
        await world.until_ready(stream)
        await publish_all(client, stream, [b"bad"], headers={"Shop": "x"})
        await until_acknowledged(client, stream, consumer(stream))
        counted = await metrics(service.admin_port)
    assert len(ledger.calls) == RETRY["maxAttempts"]
    assert counted["kubeless_nats_terms_total"] == counted["kubeless_events_dead_lettered_total"] == 1
    letter = await client.jetstream().get_last_msg(DEAD_LETTER_STREAM, f"kubeless.dlq.default.{stream}")
    assert letter.data == b"bad"
    assert letter.headers is not None
    assert letter.headers["Shop"] == "x"
    assert letter.headers["kubeless-status"] == "500"
    assert letter.headers["kubeless-event-id"] == f"{stream}/1"


async def test_a_failed_event_waits_until_its_dead_letter_can_be_written(world: World, client: Client) -> None:
    stream, letters = new_name(), new_name()
    await make_stream(client, stream, stream)
    ledger = await world.function()

    async def refuse(_: Call) -> web.StreamResponse:
        return web.Response(status=400)

    ledger.answer = refuse
    delivery = {"retry": RETRY, "deadLetter": {"subject": letters}}
    await world.trigger(topic=stream, stream=stream, delivery=delivery)
    async with world.service() as service:
        await world.until_ready()
        await publish_all(client, stream, [b"first", b"second"])
        await world.until_condition("DeadLetterWritable", "False", "WriteFailed")
        assert (await api(client, f"CONSUMER.INFO.{stream}.{consumer()}"))["num_ack_pending"] == 2
        assert [call.body for call in ledger.calls] == [b"first"]
        await make_stream(client, letters, letters)
        await until_acknowledged(client, stream, consumer())
        await world.until_condition("DeadLetterWritable", "True", "Writable")
        assert (await metrics(service.admin_port))["kubeless_nats_terms_total"] == 2
    assert (await api(client, f"STREAM.INFO.{letters}"))["state"]["messages"] == 2


async def test_order_by_key_lets_other_keys_of_a_subject_go_on(world: World, client: Client) -> None:
    stream = new_name()
    await make_stream(client, stream, stream)
    ledger = await world.function()
    go = asyncio.Event()

    async def work(call: Call) -> web.StreamResponse:
        if call.body == b"a0":
            await go.wait()
        return web.Response()

    ledger.answer = work
    await world.trigger(topic=stream, stream=stream, delivery={"order": "key"})
    async with world.service():
        await world.until_ready()
        for number in range(20):
            for key in "ab":
                await publish_all(client, stream, [f"{key}{number}".encode()], headers={"Kubeless-Key": key})
        await ledger.until_done(20)
        assert ledger.bodies == [b"b%d" % number for number in range(20)]
        go.set()
        await ledger.until_done(40)
    assert ledger.bodies[20:] == [b"a%d" % number for number in range(20)]


async def test_order_by_a_token_of_the_subject_spans_subjects_and_lets_other_tokens_go_on(
    world: World, client: Client
) -> None:
    stream = new_name()
    await make_stream(client, stream, f"{stream}.>")
    ledger = await world.function()
    go = asyncio.Event()

    async def work(call: Call) -> web.StreamResponse:
        if call.body == b"a0":
            await go.wait()
        return web.Response()

    ledger.answer = work
    await world.trigger(topic=f"{stream}.>", stream=stream, delivery={"order": "key", "keyToken": 2})
    async with world.service(), world.service():
        await world.until_ready()
        for number in range(20):
            for key in "ab":
                kind = ("placed", "paid", "sent")[number % 3]
                await publish_all(client, f"{stream}.{key}.{kind}", [f"{key}{number}".encode()])
        await ledger.until_done(20)
        assert ledger.bodies == [b"b%d" % number for number in range(20)]
        go.set()
        await ledger.until_done(40)
        assert ledger.bodies[20:] == [b"a%d" % number for number in range(20)]
        await world.change(delivery={"keyToken": 3})
        await publish_all(client, f"{stream}.c.placed", [b"later"])
        await publish_all(client, stream + ".c", [b"without the token"])
        await ledger.until_done(42)


async def test_an_adopted_consumer_cannot_give_up_messages(world: World, client: Client) -> None:
    stream = new_name()
    await make_stream(client, stream, stream)
    config = {"durable_name": "mine", "ack_policy": "explicit", "max_deliver": 2, "ack_wait": 10**9}
    await api(client, f"CONSUMER.DURABLE.CREATE.{stream}.mine", {"stream_name": stream, "config": config})
    ledger = await world.function()
    await world.trigger(topic=stream, stream=stream, durable="mine")
    async with world.service():
        await world.until_ready()
        await publish_all(client, stream, [b"x"])
        await ledger.until_done(1)
    info = await api(client, f"CONSUMER.INFO.{stream}.mine")
    assert info["config"]["max_deliver"] == -1
    assert info["config"]["ack_wait"] == 10**9


async def test_one_consumer_serves_one_function(world: World, client: Client) -> None:
    stream = new_name()
    await make_stream(client, stream, stream)
    ledgers = [await world.function(name, labels={"app": "a"}) for name in ("one", "two")]
    await world.trigger(topic=stream, stream=stream, durable="mine", functionSelector={"matchLabels": {"app": "a"}})
    async with world.service():
        await world.until_condition("Ready", "False", "ConsumerTaken")
        await publish_all(client, stream, [b"%d" % n for n in range(10)])
        await ledgers[0].until_done(10)
    assert not ledgers[1].calls


async def test_a_stream_that_is_removed_and_made_again_is_found(world: World, client: Client) -> None:
    stream = new_name()
    ledger = await world.function()
    await world.trigger(topic=stream, stream=stream)
    async with world.service():
        await world.until_condition("Ready", "False", "StreamNotFound")
        for body in (b"first", b"second"):
            await make_stream(client, stream, stream)
            await publish_all(client, stream, [body])
            await until(lambda body=body: body in ledger.bodies)  # type: ignore[misc]
            await api(client, f"STREAM.DELETE.{stream}")
            await world.until_condition("Ready", "False", "StreamNotFound")


async def test_a_consumer_that_is_removed_is_made_again(world: World, client: Client) -> None:
    stream = new_name()
    await make_stream(client, stream, stream)
    ledger = await world.function()
    await world.trigger(topic=stream, stream=stream)
    async with world.service():
        await world.until_ready()
        await publish_all(client, stream, [b"first"])
        await until_acknowledged(client, stream, consumer())
        await api(client, f"CONSUMER.DELETE.{stream}.{consumer()}")
        await publish_all(client, stream, [b"second"])
        await until(lambda: b"second" in ledger.bodies)
    assert ledger.bodies == [b"first", b"second"]


async def test_a_stream_without_the_subject_is_told(world: World, client: Client) -> None:
    stream = new_name()
    await make_stream(client, stream, f"{stream}.a")
    await world.function()
    await world.trigger(topic=f"{stream}.b", stream=stream)
    async with world.service():
        await world.until_condition("Ready", "False", "SubjectNotInStream")
        await world.change(topic=f"{stream}.*")
        await world.until_ready()


async def test_a_suspended_trigger_gives_back_what_it_holds_and_goes_on_later(world: World, client: Client) -> None:
    stream = new_name()
    await make_stream(client, stream, stream)
    ledger = await world.function()
    go = asyncio.Event()

    async def work(_: Call) -> web.StreamResponse:
        await go.wait()
        return web.Response()

    ledger.answer = work
    await world.trigger(topic=stream, stream=stream)
    async with world.service() as service:
        await world.until_ready()
        await publish_all(client, stream, [b"%d" % n for n in range(20)])
        await until(lambda: len(ledger.calls) == 1)
        await world.change(suspend=True)
        await until(lambda: not any(s.wanted for s in service.subscriptions.observed().values()), deadline=1.0)
        go.set()
        await until(lambda: not service.subscriptions.observed())
        assert ledger.bodies == [b"0"]
        await world.change(suspend=False)
        await ledger.until_done(20)
    assert ledger.bodies == [b"%d" % n for n in range(20)]


async def test_a_lost_acknowledgement_does_not_reach_the_function_twice(world: World, client: Client) -> None:
    stream = new_name()
    await make_stream(client, stream, stream)
    ledger = await world.function()
    await world.trigger(topic=stream, stream=stream)
    async with world.service() as service:
        await world.until_ready()
        subscription = next(iter(service.subscriptions.observed().values()))
        outbox = subscription._running._outbox  # type: ignore[union-attr]
        put = outbox.put
        lost: list[Note] = []
        outbox.put = lost.append  # type: ignore[method-assign]
        await publish_all(client, stream, [b"x"])
        await until(lambda: bool(lost))
        outbox.put = put  # type: ignore[method-assign]
        await until_acknowledged(client, stream, consumer())
    assert [call.body for call in ledger.calls] == [b"x"]


async def test_a_stopped_service_gives_back_what_waits(world: World, client: Client) -> None:
    stream = new_name()
    await make_stream(client, stream, stream)
    ledger = await world.function()

    async def work(_: Call) -> web.StreamResponse:
        await asyncio.sleep(0.3)
        return web.Response()

    ledger.answer = work
    await world.trigger(topic=stream, stream=stream)
    async with world.service(NATS_ACK_WAIT="60"):
        await world.until_ready()
        await publish_all(client, stream, [b"%d" % n for n in range(10)])
        await until(lambda: len(ledger.calls) == 1)
    ledger.answer = Ledger().answer
    async with world.service(NATS_ACK_WAIT="60"):
        await ledger.until_done(10, deadline=10)
    assert ledger.bodies == [b"%d" % n for n in range(10)]


async def test_the_pending_number_stands_in_the_status(world: World, client: Client) -> None:
    stream = new_name()
    await make_stream(client, stream, stream)
    ledger = await world.function()
    go = asyncio.Event()

    async def work(_: Call) -> web.StreamResponse:
        await go.wait()
        return web.Response()

    ledger.answer = work
    await world.trigger(topic=stream, stream=stream)
    async with world.service():
        await world.until_ready()
        await publish_all(client, stream, [json.dumps(n).encode() for n in range(7)])

        async def shows(number: int) -> bool:
            return (await world.status()).get("pending") == number

        await until(lambda: shows(7))
        go.set()
        await until(lambda: shows(0))
