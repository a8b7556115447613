"""Triggers and functions come, change and go while events flow."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

import aiohttp
from aiohttp import web

from kubeless.api.resource import FUNCTIONS, KAFKA_TRIGGERS
from kubeless.delivery.sources.pair import Pair
from kubeless.kube.cache import ObjectKey
from kubeless.kube.errors import NotFound
from support.kafkaworld import NAMESPACE, Call, World, new_topic, until

PROMPT = 5.0
"""Seconds within which a change must be in force on a busy test machine; a cluster's own figure is one second."""


async def test_every_function_that_the_selector_means_gets_every_record(world: World) -> None:
    topic = new_topic()
    await world.make_topic(topic)
    first = await world.function("one", labels={"app": "x"})
    await world.trigger(topic=topic, functionSelector={"matchLabels": {"app": "x"}}, startFrom="trigger")
    async with world.service() as service:
        await until(lambda: all(each.healthy for each in service.subscriptions.observed().values()))
        await world.publish(topic, b"a")
        await first.until_done(1)
        second = await world.function("two", labels={"app": "x"})
        await world.publish(topic, b"b")
        # Creation times are whole seconds: what came in the same second may come as well.
        await until(lambda: second.bodies[-1:] == [b"b"])
        await first.until_done(2)
        await world.client.patch(FUNCTIONS, "one", {"metadata": {"labels": {"app": None}}}, namespace=NAMESPACE)
        await until(lambda: len(service.subscriptions) == 1, deadline=PROMPT)
        await world.publish(topic, b"c")
        await until(lambda: second.bodies[-1:] == [b"c"])
        await world.client.delete(FUNCTIONS, "two", namespace=NAMESPACE)
        await until(lambda: len(service.subscriptions) == 0, deadline=PROMPT)
    assert first.bodies == [b"a", b"b"]


async def test_a_suspended_trigger_takes_nothing_in_and_goes_on_where_it_was(world: World) -> None:
    topic = new_topic()
    await world.make_topic(topic)
    ledger = await world.function()
    await world.trigger(topic=topic)
    async with world.service() as service:
        await world.publish(topic, b"before")
        await ledger.until_done(1)
        await world.change(suspend=True)
        await until(lambda: len(service.subscriptions) == 0, deadline=PROMPT)
        await world.until_condition("Suspended", "True")
        await world.until_condition("Ready", "False", "Suspended")
        await world.publish(topic, b"meanwhile")
        await world.change(suspend=False)
        await ledger.until_done(2)
        await world.until_condition("Ready", "True")
    assert ledger.bodies == [b"before", b"meanwhile"]


async def test_what_is_in_flight_when_a_trigger_is_suspended_is_finished(world: World) -> None:
    topic = new_topic()
    await world.make_topic(topic)
    ledger = await world.function()
    going_on = asyncio.Event()

    async def wait(_: Call) -> web.StreamResponse:
        await going_on.wait()
        return web.Response()

    ledger.answer = wait
    await world.trigger(topic=topic)
    async with world.service() as service:
        await world.publish(topic, b"slow", b"next")
        await until(lambda: len(ledger.calls) == 1)
        await world.change(suspend=True)
        orders = ObjectKey(NAMESPACE, "orders")
        await until(lambda: not any(each.wanted for each in service.subscriptions.of(orders).values()))
        going_on.set()
        await world.until_committed("greet", topic, 1)
        await until(lambda: len(service.subscriptions) == 0)
    assert ledger.bodies == [b"slow"]


async def test_another_topic_is_consumed_instead_and_other_triggers_are_not_disturbed(world: World) -> None:
    topic, other = new_topic(), new_topic()
    await world.make_topic(topic)
    await world.make_topic(other)
    ledger, bystander = await world.function(), await world.function("calm")
    await world.trigger(topic=topic)
    await world.trigger("steady", topic=topic, function="calm")
    async with world.service() as service:
        await world.publish(topic, b"1")
        await asyncio.gather(ledger.until_done(1), bystander.until_done(1))
        await world.change(topic=other)
        await world.publish(other, b"2")
        await ledger.until_done(2)
        await world.publish(topic, b"3")
        await bystander.until_done(2)
        steady = service.subscriptions.observed()[Pair("default", "steady", "calm")]
        assert (steady.counters.rebalances, steady.counters.restarts) == (1, 0)
    assert ledger.bodies == [b"1", b"2"]
    assert bystander.bodies == [b"1", b"3"]


async def test_a_changed_policy_holds_without_another_session(world: World) -> None:
    topic = new_topic()
    await world.make_topic(topic)
    ledger = await world.function()

    async def fail(_: Call) -> web.StreamResponse:
        return web.Response(status=500)

    ledger.answer = fail
    await world.trigger(topic=topic, delivery={"retry": {"maxAttempts": 1000, "initialDelay": 0.05, "maxDelay": 0.05}})
    async with world.service() as service:
        await world.publish(topic, b"x")
        await until(lambda: len(ledger.calls) > 2)
        await world.change(delivery={"retry": {"maxAttempts": 1}})
        await world.until_committed("greet", topic, 1)
        (pair,) = service.subscriptions.observed().values()
        assert pair.counters.rebalances == 1


async def test_metrics_add_up_and_go_with_the_trigger(world: World, session: aiohttp.ClientSession) -> None:
    topic = new_topic()
    await world.make_topic(topic)
    ledger = await world.function()

    async def picky(call: Call) -> web.StreamResponse:
        return web.Response(status=404 if call.body == b"bad" else 200)

    ledger.answer = picky
    await world.trigger(topic=topic)
    async with world.service() as service:
        url = f"http://127.0.0.1:{service.admin_port}/metrics"

        async def metrics() -> dict[str, float]:
            async with session.get(url) as response:
                lines = [line for line in (await response.text()).splitlines() if "orders" in line]
            return {line.partition("{")[0]: float(line.rpartition(" ")[2]) for line in lines if "reason=" not in line}

        await world.publish(topic, b"good", b"bad", b"good")
        await world.until_committed("greet", topic, 3)
        found = await metrics()
        assert found["kubeless_events_received_total"] == 3
        assert found["kubeless_events_delivered_total"] == 2
        assert found["kubeless_events_dead_lettered_total"] == 1
        assert found["kubeless_events_in_flight"] == found["kubeless_trigger_lag"] == 0
        assert found["kubeless_trigger_partitions"] == found["kubeless_trigger_consuming"] == 1
        await world.client.delete(KAFKA_TRIGGERS, "orders", namespace=NAMESPACE)
        await until(lambda: len(service.subscriptions) == 0)
        assert await metrics() == {}


async def test_an_old_finalizer_does_not_keep_a_deleted_trigger(world: World) -> None:
    topic = new_topic()
    await world.make_topic(topic)
    await world.function()
    await world.trigger(topic=topic)
    old = {"metadata": {"finalizers": ["kubeless.io/kafkatrigger"]}}
    await world.client.patch(KAFKA_TRIGGERS, "orders", old, namespace=NAMESPACE)

    async def gone() -> bool:
        try:
            await world.client.get(KAFKA_TRIGGERS, "orders", namespace=NAMESPACE)
        except NotFound:
            return True
        return False

    async with world.service() as service:
        await until(lambda: len(service.subscriptions) == 1)
        await world.client.delete(KAFKA_TRIGGERS, "orders", namespace=NAMESPACE)
        await until(gone)
        assert len(service.subscriptions) == 0


async def test_the_status_tells_functions_partitions_and_lag(world: World) -> None:
    topic = new_topic()
    await world.make_topic(topic, 3)
    ledger = await world.function()
    going_on = asyncio.Event()

    async def wait(_: Call) -> web.StreamResponse:
        await going_on.wait()
        return web.Response()

    ledger.answer = wait
    await world.trigger(topic=topic)
    async with world.service():
        await world.publish(topic, *[b"x"] * 4, partition=0)

        async def told(lag: int) -> bool:
            status = await world.status()
            return (status.get("functions"), status.get("assignedPartitions"), status.get("lag")) == (["greet"], 3, lag)

        await until(lambda: told(4))
        going_on.set()
        await until(lambda: told(0))


async def test_an_invalid_trigger_is_told_and_others_are_served(world: World) -> None:
    topic = new_topic()
    await world.make_topic(topic)
    ledger = await world.function()
    await world.trigger("fine", topic=topic)
    await world.trigger("broken", topic=topic, delivery={"deadLetter": {"topic": "x", "disabled": True}})
    async with world.service():
        await world.publish(topic, b"x")
        await ledger.until_done(1)
        await world.until_condition("Ready", "False", "InvalidSpec", name="broken")
        await world.until_condition("Ready", "True", name="fine")


# Where a group begins.


async def test_nothing_published_after_trigger_and_function_exist_is_lost_and_nothing_older_replayed(
    world: World,
) -> None:
    topic = new_topic()
    await world.make_topic(topic, 2)
    long_ago = int((datetime.now(tz=UTC) - timedelta(hours=1)).timestamp() * 1000)
    for partition in (0, 1):
        await world.publish(topic, b"old", partition=partition, timestamp_ms=long_ago)
    ledger = await world.function()
    await world.trigger(topic=topic, startFrom="trigger")
    later = int((time.time() + 1) * 1000)
    await world.publish(topic, b"new", partition=1, timestamp_ms=later)
    async with world.service():
        await ledger.until_done(1)
        await world.publish(topic, b"newest", partition=0)
        await ledger.until_done(2)
    assert ledger.bodies == [b"new", b"newest"]


async def test_latest_begins_at_the_end_once_and_stays_there_through_a_restart(world: World) -> None:
    topic = new_topic()
    await world.make_topic(topic)
    await world.publish(topic, b"old")
    ledger = await world.function()
    await world.trigger(topic=topic, startFrom="latest")
    async with world.service() as service:
        await until(lambda: any(each.healthy for each in service.subscriptions.observed().values()))
    await world.publish(topic, b"while nobody was there")
    async with world.service():
        await ledger.until_done(1)
    assert ledger.bodies == [b"while nobody was there"]
