"""Every kind of event reaches a function, through a real API server and with the least rights."""

import asyncio
import base64

import nats
from aiohttp import encode_basic_auth, web
from aiokafka.admin import NewTopic

from kubeless.api.resource import CRONJOB_TRIGGERS, HTTP_TRIGGERS, KAFKA_TRIGGERS, NATS_TRIGGERS
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.resources import CRON_JOBS, EVENTS, SECRETS
from kubeless.local.kafka.broker import KafkaBroker
from support.clusterworld import NAMESPACE, OLD_CRON_JOB, World
from support.kafkaworld import Call, admin, producer, until

EVERY_SECOND = "* * * * * *"
ONCE = {"retry": {"maxAttempts": 1}}


def selector(function: str) -> JsonObject:
    return {"matchLabels": {"function": function}}


async def test_requests_reach_their_function(world: World) -> None:
    await world.function("web")
    await world.make(HTTP_TRIGGERS, "web", {"function-name": "web", "host-name": "web.test"})
    await world.until_condition(HTTP_TRIGGERS, "web", "Ready", "True")
    assert await world.get("web.test") == (200, "ok")
    assert len(world.ledger.done) == 1


async def test_a_route_is_protected_by_a_secret(world: World) -> None:
    await world.function("vault")
    spec = {"function-name": "vault", "host-name": "vault.test", "basic-auth-secret": "users"}
    await world.make(HTTP_TRIGGERS, "vault", spec)
    await world.until_condition(HTTP_TRIGGERS, "vault", "BasicAuthReady", "False")
    users = base64.b64encode(b"ann:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\n").decode()  # her password is: password
    await world.client.create(SECRETS, {"metadata": {"name": "users", "namespace": NAMESPACE}, "data": {"auth": users}})
    await world.until_condition(HTTP_TRIGGERS, "vault", "BasicAuthReady", "True")
    assert (await world.get("vault.test"))[0] == 401
    assert await world.get("vault.test", Authorization=encode_basic_auth("ann", "password")) == (200, "ok")


async def test_records_of_kafka_reach_their_function(world: World) -> None:
    await world.function("records")
    async with KafkaBroker("127.0.0.1", world.platform.kafka_port) as broker:
        async with admin(broker.bootstrap) as kafka:
            await kafka.create_topics([NewTopic("orders", 1, 1)])
        spec = {"topic": "orders", "functionSelector": selector("records"), "startFrom": "earliest"}
        await world.make(KAFKA_TRIGGERS, "orders", spec)
        async with producer(broker.bootstrap) as sender:
            await sender.send_and_wait("orders", b"one")
        await world.ledger.until_done(1, deadline=40)
        await world.until_condition(KAFKA_TRIGGERS, "orders", "Ready", "True")
        await world.delete(KAFKA_TRIGGERS, "orders")
    assert world.ledger.bodies == [b"one"]


async def test_messages_of_nats_reach_their_function(world: World) -> None:
    await world.function("messages")
    await world.make(NATS_TRIGGERS, "news", {"topic": "news", "functionSelector": selector("messages")})
    await world.until_condition(NATS_TRIGGERS, "news", "Ready", "True")
    publisher = await nats.connect(world.platform.nats_url)
    try:
        await publisher.publish("news", b"one")
        await publisher.flush()
        await world.ledger.until_done(1)
    finally:
        await publisher.close()
    assert world.ledger.bodies == [b"one"]


async def test_schedules_call_their_function(world: World) -> None:
    await world.function("clock")
    spec = {"schedule": EVERY_SECOND, "function-name": "clock", "payload": {"a": 1}}
    await world.make(CRONJOB_TRIGGERS, "clock", spec)
    await world.ledger.until_done(2)
    await world.until_condition(CRONJOB_TRIGGERS, "clock", "Ready", "True")
    assert world.ledger.bodies[0] == b'{"a":1}'


async def test_calls_that_fail_are_told_of_in_events_also_by_the_next_scheduler(world: World) -> None:
    async def fail(_: Call) -> web.StreamResponse:
        return web.Response(status=400)

    async def told(times: int) -> bool:
        found = (await world.client.list(EVENTS, namespace=NAMESPACE)).items
        return any(each["count"] >= times for each in found if each["involvedObject"]["name"] == "failing")

    world.ledger.answer = fail
    await world.function("failing")
    spec = {"schedule": EVERY_SECOND, "function-name": "failing", "delivery": ONCE}
    await world.make(CRONJOB_TRIGGERS, "failing", spec)
    await until(lambda: told(1))
    await asyncio.to_thread(world.platform.services["cron-scheduler"].restart)
    await until(lambda: told(2))


async def test_what_the_go_controller_left_does_not_call_a_second_time(world: World) -> None:
    """The CronJob was there before the scheduler was started."""
    await world.until_gone(CRON_JOBS, OLD_CRON_JOB)
