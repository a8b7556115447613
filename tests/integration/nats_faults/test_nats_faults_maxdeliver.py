"""A bound on deliveries, which somebody else has set, strands no message however often its replica dies."""

import asyncio
from pathlib import Path

from aiohttp import web

from support.kafkaworld import Call, Ledger, until
from support.natsprocess import subscriber_process
from support.natsworld import api, connected, make_stream, make_world, publish_all
from support.realnats import RealNats

MAX_DELIVER = 2


async def test_a_replica_that_dies_more_often_than_the_bound_loses_nothing(own_nats: RealNats, tmp_path: Path) -> None:
    async with make_world(own_nats.url) as world, connected(own_nats.url) as client:
        await make_stream(client, "orders", "orders")
        config = {"durable_name": "mine", "ack_policy": "explicit", "max_deliver": MAX_DELIVER, "ack_wait": 10**9}
        await api(client, "CONSUMER.DURABLE.CREATE.orders.mine", {"stream_name": "orders", "config": config})
        ledger = await world.function()

        async def hang(_: Call) -> web.StreamResponse:
            await asyncio.sleep(30)
            return web.Response()

        ledger.answer = hang
        await world.trigger(topic="orders", stream="orders", durable="mine", delivery={"timeout": 20})
        await publish_all(client, "orders", [b"a", b"b"])
        for crash in range(MAX_DELIVER + 2):
            before = len(ledger.calls)
            async with subscriber_process(world, tmp_path) as process:
                await until(lambda before=before: len(ledger.calls) > before)  # type: ignore[misc]
                process.kill()
                await process.wait()
            assert crash or len(ledger.calls) == 1, "one of a subject is under way at a time"
        info = await api(client, "CONSUMER.INFO.orders.mine")
        assert info["config"]["max_deliver"] == -1
        ledger.answer = Ledger().answer
        async with subscriber_process(world, tmp_path):
            await ledger.until_done(2, deadline=40)
            assert ledger.bodies == [b"a", b"b"]
            log = tmp_path / "subscriber.log"
            await until(lambda: log.read_bytes().count(b'{"message":"event delivered"') == 2)
    assert int(ledger.done[0].headers["ce-natsdelivered"]) > MAX_DELIVER
