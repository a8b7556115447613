"""What gets lost between the service and the server: acknowledgements, heartbeats, and the server itself."""

import asyncio

from aiohttp import web

from kubeless.api.crds import custom_resource_definitions
from kubeless.api.resource import NATS_TRIGGERS
from kubeless.kube.resources import CRDS
from support.kafkaworld import Call, until
from support.natsworld import World, api, connected, make_stream, make_world, metrics, publish_all
from support.realnats import RealNats
from support.tcpline import TcpLine

STREAM = "orders"
CONSUMER = "kubeless_default_orders_greet"


async def test_an_acknowledgement_that_a_cut_swallows_does_not_reach_the_function_twice(own_nats: RealNats) -> None:
    asked, answer = asyncio.Event(), asyncio.Event()

    async def work(_: Call) -> web.StreamResponse:
        asked.set()
        await answer.wait()
        return web.Response()

    async with (
        TcpLine(own_nats.url) as line,
        connected(own_nats.url) as client,
        make_world(line.url.replace("http://", "nats://")) as world,
    ):
        await make_stream(client, STREAM, STREAM)
        ledger = await world.function()
        ledger.answer = work
        await world.trigger(topic=STREAM, stream=STREAM)
        # Nothing but the cut tells that the line is deaf.
        async with world.service(NATS_PROBE_INTERVAL="60", NATS_HEARTBEAT="20") as service:
            await world.until_ready()
            await publish_all(client, STREAM, [b"once"])
            await asked.wait()
            line.deafen()
            answer.set()
            await ledger.until_done(1)

            async def acknowledged() -> bool:
                return (await metrics(service.admin_port))["kubeless_nats_acks_total"] == 1

            await until(acknowledged)
            info = await api(client, f"CONSUMER.INFO.{STREAM}.{CONSUMER}")
            assert info["num_ack_pending"] == 1
            line.cut()
            line.mend()

            async def settled() -> bool:
                return not (await api(client, f"CONSUMER.INFO.{STREAM}.{CONSUMER}"))["num_ack_pending"]

            await until(settled)
            assert (await metrics(service.admin_port))["kubeless_nats_redelivered_total"] >= 1
    assert [call.body for call in ledger.calls] == [b"once"]


async def test_heartbeats_that_stay_away_make_it_begin_anew(own_nats: RealNats) -> None:
    async with make_world(own_nats.url) as world, connected(own_nats.url) as client:
        await make_stream(client, STREAM, STREAM)
        ledger = await world.function()
        await world.trigger(topic=STREAM, stream=STREAM)
        # Neither probes nor looks at the consumer notice it first.
        quiet = {"NATS_PROBE_INTERVAL": "60", "NATS_STALL_INTERVAL": "60", "NATS_STATUS_INTERVAL": "60"}
        async with world.service(**quiet) as service:
            await until(lambda: all(each.healthy for each in service.subscriptions.observed().values()))
            own_nats.freeze()

            async def stalled() -> bool:
                return (await metrics(service.admin_port))["kubeless_nats_stalls_total"] >= 1

            await until(stalled)
            own_nats.resume()
            await publish_all(client, STREAM, [b"after"])
            await ledger.until_done(1)


async def test_a_name_that_jetstream_does_not_take_is_told_by_the_trigger(own_nats: RealNats) -> None:
    """Definitions of an older release let it pass."""
    async with make_world(own_nats.url) as world:
        await _forget_pattern(world)
        await world.function()
        await world.trigger(topic=STREAM, stream=STREAM, durable="a.b")
        async with world.service():
            await world.until_condition("Ready", "False", "InvalidSpec")
            conditions = (await world.status())["conditions"]
    (message,) = (each["message"] for each in conditions if each["type"] == "Ready")
    assert "spec.durable: is no name in JetStream, got 'a.b'; use up to 255 characters without" in message


async def _forget_pattern(world: World) -> None:
    (definition,) = (
        each for each in custom_resource_definitions() if each["spec"]["names"]["kind"] == NATS_TRIGGERS.kind
    )
    versions = definition["spec"]["versions"]
    for version in versions:
        del version["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]["durable"]["pattern"]
    await world.client.patch(CRDS, definition["metadata"]["name"], {"spec": {"versions": versions}})
