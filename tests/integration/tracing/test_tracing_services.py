"""A trace through every service: what the source says, what the function gets, and what a collector is told."""

import time
from contextlib import suppress
from pathlib import Path

import pytest
from aiohttp import web
from nats.aio.client import Client
from nats.js.errors import NotFoundError

from kubeless.local.kafka.broker import KafkaBroker
from kubeless.nats_subscriber.names import DEAD_LETTER_STREAM
from support.cronworld import make_cron_world
from support.gatewayworld import world as gateway_world
from support.kafkaworld import Call, make_world, new_topic, until
from support.natsworld import connected, make_stream
from support.natsworld import make_world as make_nats_world
from support.otlpcollector import Collector, Span
from support.realnats import RealNats, free_ports, has_nats

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"
ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"


async def refuse(_: Call) -> web.StreamResponse:
    return web.Response(status=400)


def parent_of(call: Call) -> str:
    """The span that a function got as its parent, of the trace of these tests."""
    _, trace, span, _ = call.headers["traceparent"].split("-")
    assert trace == TRACE
    return span


def check(collector: Collector, service: str, sent: Call) -> Span:
    """The three spans of one event hang together, below what came in and above what the function got."""
    (receive,), (queue,), (attempt,) = (collector.named(name) for name in ("receive ", "queue", "attempt "))
    assert {span.trace_id for span in collector.spans} == {TRACE}
    assert {span.service for span in collector.spans} == {service}
    assert receive.parent == "b7ad6b7169203331"
    assert queue.parent == attempt.parent == receive.span_id
    assert parent_of(sent) == attempt.span_id
    return receive


@pytest.mark.parametrize("traced", [True, False])
async def test_a_record_of_kafka(embedded_kafka: KafkaBroker, collector: Collector, traced: bool) -> None:
    topic = new_topic()
    async with make_world(embedded_kafka.bootstrap) as world:
        await world.make_topic(topic)
        ledger = await world.function()
        ledger.answer = refuse
        await world.trigger(topic=topic)
        async with world.service(**{ENDPOINT: collector.url} if traced else {}):
            await world.publish(topic, b"x", headers=[("traceparent", PARENT.encode()), ("tracestate", b"a=1")])
            await world.until_committed("greet", topic, 1)
        (letter,) = await world.read_all(f"{topic}.default.orders.dlq")
    (call,) = ledger.calls
    assert call.headers["tracestate"] == "a=1"
    assert dict(letter.headers)["traceparent"] == PARENT.encode()
    if traced:
        receive = check(collector, "kubeless-kafka-consumer", call)
        assert receive.attributes["messaging.destination.name"] == topic
        assert receive.attributes["kubeless.outcome"] == "dead_lettered"
    else:
        assert (call.headers["traceparent"], collector.spans) == (PARENT, [])


@pytest.mark.skipif(not has_nats(), reason="there is no nats-server")
@pytest.mark.parametrize("traced", [True, False])
@pytest.mark.parametrize("stream", ["", "S"])
async def test_a_message_of_nats(tmp_path: Path, collector: Collector, stream: str, traced: bool) -> None:
    with RealNats(tmp_path) as server:
        async with make_nats_world(server.url) as world, connected(server.url) as client:
            await make_stream(client, "S", "orders")
            ledger = await world.function()
            ledger.answer = refuse
            await world.trigger(topic="orders", stream=stream)
            async with world.service(**{ENDPOINT: collector.url} if traced else {}):
                await world.until_ready()
                await client.publish("orders", b"x", headers={"traceparent": PARENT})
                letter = await _letter(client, "kubeless.dlq.default.orders")
    (call,) = ledger.calls
    assert letter["traceparent"] == PARENT
    if traced:
        receive = check(collector, "kubeless-nats-subscriber", call)
        assert receive.attributes["messaging.system"] == "nats"
    else:
        assert (call.headers["traceparent"], collector.spans) == (PARENT, [])


async def test_a_call_of_a_schedule(collector: Collector) -> None:
    async with make_cron_world() as world:
        ledger = await world.function()
        await world.trigger()
        async with world.service(**{ENDPOINT: collector.url}):
            await ledger.until_done(1)
            await world.until_status(lambda status: status.get("lastSuccessfulTime"))
    sent = {call.headers["traceparent"].split("-")[2] for call in ledger.done}
    attempts = {span.span_id: span for span in collector.named("attempt ")}
    assert sent == attempts.keys()
    parents = {span.parent for span in attempts.values()}
    receive = next(span for span in collector.named("receive ") if span.span_id in parents)
    assert (receive.service, receive.parent) == ("kubeless-cron-scheduler", "")
    assert receive.attributes["faas.trigger"] == "timer"


async def test_a_request_of_the_gateway(collector: Collector) -> None:
    async with gateway_world() as cluster:
        await cluster.function("echo", "hi")
        await cluster.trigger("web", path="a")
        await cluster.start(**{ENDPOINT: collector.url})
        for _ in range(30):
            await cluster.get("/a?secret=x", traceparent=PARENT)
        await cluster.get("/nothing", traceparent=PARENT)
        await cluster.get("/a", traceparent=f"{PARENT[:-2]}00")
    requests = collector.named("request default/web")
    assert len(requests) == 30
    for span in requests:
        assert (span.trace_id, span.parent, span.service) == (TRACE, "b7ad6b7169203331", "kubeless-gateway")
        assert (
            span.attributes.items()
            >= {
                "faas.trigger": "http",
                "url.path": "/a",
                "http.response.status_code": 200,
                "kubeless.function": "default/echo",
            }.items()
        )
    (refused,) = (span for span in collector.spans if span not in requests)
    assert (refused.name, refused.attributes["http.response.status_code"]) == ("request", 404)


async def test_a_collector_that_is_away_holds_up_neither_events_nor_the_end(embedded_kafka: KafkaBroker) -> None:
    topic = new_topic()
    async with make_world(embedded_kafka.bootstrap) as world:
        await world.make_topic(topic)
        ledger = await world.function()
        await world.trigger(topic=topic)
        async with world.service(**{ENDPOINT: f"http://127.0.0.1:{free_ports(1)[0]}"}):
            await world.publish(topic, b"x", b"y")
            await ledger.until_done(2)
            began = time.monotonic()
    assert time.monotonic() - began < 15


async def _letter(client: Client, subject: str) -> dict[str, str]:
    found: dict[str, str] = {}

    async def kept() -> bool:
        with suppress(NotFoundError):
            message = await client.jetstream().get_last_msg(DEAD_LETTER_STREAM, subject)
            found.update(message.headers or {})
        return bool(found)

    await until(kept)
    return found
