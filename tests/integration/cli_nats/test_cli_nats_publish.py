"""`kubeless trigger nats publish`, through the API server and straight to a server."""

import json
from typing import TYPE_CHECKING

import pytest

from kubeless.kube.resources import SERVICES

if TYPE_CHECKING:
    from nats.aio.msg import Msg

    from integration.cli.conftest import Bench
    from integration.cli_nats.conftest import NatsBench

PUBLISH = ("trigger", "nats", "publish")


@pytest.mark.parametrize("straight", [True, False])
async def test_a_message_is_published_in_the_words_of_old(nats_bench: "NatsBench", straight: bool) -> None:
    subscription = await nats_bench.world.clients.client().subscribe("test")
    await nats_bench.world.clients.client().flush()
    way = ("--url", nats_bench.world.url.removeprefix("nats://")) if straight else ()
    ran = await nats_bench.ok(*PUBLISH, *way, "--topic", "test", "--message", "Hello World!", "--header", "a=b")
    assert "msg=\"Published [test] : 'Hello World!'\"" in ran.err
    message = await subscription.next_msg(5)
    assert (message.data, message.headers) == (b"Hello World!", {"a": "b"})


async def test_a_file_is_stored_line_by_line(nats_bench: "NatsBench") -> None:
    await nats_bench.world.make_stream("BILLS", "bills.>")
    (nats_bench.bench.folder / "lines").write_bytes(b"".join(b"%d\n" % number for number in range(2500)))
    ran = await nats_bench.ok(*PUBLISH, "--subject", "bills.new", "--file", "lines", "--jetstream")
    assert "Published [bills.new] : 2500 messages (stream BILLS, sequence 2500)" in ran.err
    assert await nats_bench.world.stored("BILLS") == 2500


@pytest.mark.parametrize("straight", [True, False])
async def test_a_reply_is_printed(nats_bench: "NatsBench", straight: bool) -> None:
    client = nats_bench.world.clients.client()

    async def answer(message: "Msg") -> None:
        failed = {"Nats-Service-Error": "no such bill", "Nats-Service-Error-Code": "404"}
        await client.publish(message.reply, b'{"ok": 1}', headers=failed if message.data == b"bad" else None)

    await client.subscribe("ask", cb=answer)
    await client.flush()
    way = ("--url", nats_bench.world.url) if straight else ()
    ran = await nats_bench.ok(*PUBLISH, *way, "--topic", "ask", "--message", "x", "--request")
    assert (json.loads(ran.out), ran.err) == ({"ok": 1}, "")
    bad = await nats_bench.run(*PUBLISH, *way, "--topic", "ask", "--message", "bad", "--request")
    assert (bad.code, json.loads(bad.out)) == (1, {"ok": 1})
    assert "The function failed with status 404: no such bill" in bad.err
    silent = await nats_bench.run(*PUBLISH, *way, "--topic", "other", "--message", "x", "--request")
    assert (silent.code, "nobody listens there" in silent.err) == (1, True)


async def test_a_stream_that_is_missing_is_told(nats_bench: "NatsBench") -> None:
    for way in (("--url", nats_bench.world.url), ()):
        ran = await nats_bench.run(*PUBLISH, *way, "--topic", "bills", "--message", "x", "--jetstream")
        assert (ran.code, ran.err.count("\n")) == (1, 1)
        assert "no stream takes it; make a stream that does, or publish without --jetstream" in ran.err


async def test_flags_that_make_no_sense_are_refused(bench: "Bench") -> None:
    for flags in ((), ("--message", "a", "--file", "-"), ("--message", "a", "--request", "--jetstream")):
        assert (await bench.run(*PUBLISH, *flags)).code == 1
    for wrong, text in (
        (("--topic", "a.*"), "subject: has a wildcard"),
        (("--url", "http://x"), "--url: is no address of NATS"),
        (("--url", "nats://a:secret@x:99999"), "--url: is no address of NATS"),
    ):
        ran = await bench.run(*PUBLISH, "--message", "x", *wrong)
        assert (ran.code, ran.err.count("\n")) == (1, 1)
        assert text in ran.err
        assert "secret" not in ran.err


async def test_a_server_that_is_away_is_one_line(bench: "Bench") -> None:
    ran = await bench.run(*PUBLISH, "--url", "me:secret@127.0.0.1:1", "--message", "x")
    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert "cannot reach NATS at 127.0.0.1:1" in ran.err
    assert "secret" not in ran.err


async def test_a_service_that_is_not_there_is_one_line(bench: "Bench") -> None:
    ran = await bench.run(*PUBLISH, "--message", "x")
    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert "Unable to find the service nats-trigger-controller in namespace kubeless" in ran.err
    assert "--nats-namespace" in ran.err
    body = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "nats-trigger-controller", "namespace": "team"}}
    await bench.client.create(SERVICES, body | {"spec": {"ports": [{"name": "admin", "port": 8092}]}})
    dead = await bench.run(*PUBLISH, "--message", "x", "--nats-namespace", "team")
    assert (dead.code, dead.err.count("\n")) == (1, 1)
    assert "The NATS trigger controller in namespace team does not answer" in dead.err
