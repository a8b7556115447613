"""`kubeless topic`, through the API server, on both brokers."""

import json
import secrets
from typing import TYPE_CHECKING, cast

import aiohttp
import pytest
from prometheus_client import CollectorRegistry

from integration.cli_kafka.conftest import Context
from kubeless.core.health import AdminServer
from kubeless.kafka_consumer.adminroutes import routes
from kubeless.kafka_consumer.connection import Connection
from kubeless.kafka_consumer.settings import Settings
from kubeless.kube.resources import SERVICES
from kubeless.manage.kafkanames import SERVICE
from support.adminworld import add_service

if TYPE_CHECKING:
    from integration.cli.conftest import Bench
    from integration.cli_kafka.conftest import KafkaBench
    from kubeless.delivery.admin.redelivery import EngineRedelivery


@pytest.fixture
def topic() -> str:
    """The real broker is shared by the whole run."""
    return f"hello-{secrets.token_hex(4)}"


async def test_the_commands_of_the_documentation(kafka_bench: "KafkaBench", topic: str) -> None:
    created = await kafka_bench.ok("topic", "create", topic)
    assert created.out == f'Created topic "{topic}".\n'
    published = await kafka_bench.ok("topic", "publish", "--topic", topic, "--data", "Hello Kafka!")
    assert f'Published 1 message to topic \\"{topic}\\" (partition 0, offset 0)' in published.err
    assert [(each.key, each.value) for each in await kafka_bench.records(topic)] == [(None, b"Hello Kafka!")]
    assert topic in (await kafka_bench.ok("topic", "list")).out.splitlines()
    deleted = await kafka_bench.ok("topic", "delete", topic)
    assert deleted.out == f'Deleted topic "{topic}".\n'
    assert topic not in (await kafka_bench.ok("topic", "ls")).out.splitlines()


async def test_partitions_key_and_headers(kafka_bench: "KafkaBench", topic: str) -> None:
    await kafka_bench.ok("topic", "create", topic, "--partitions", "3")
    found = json.loads((await kafka_bench.ok("topic", "list", "-o", "json")).out)
    assert {"name": topic, "partitions": 3, "replicationFactor": 1} in found
    flags = ("--key", "k", "--header", "a=1,b=2", "--partition", "2")
    await kafka_bench.ok("topic", "publish", "--topic", topic, "--data", "x", *flags)
    (record,) = await kafka_bench.records(topic, 2)
    assert (record.key, record.value, record.headers) == (b"k", b"x", (("a", b"1"), ("b", b"2")))
    wrong = await kafka_bench.run("topic", "publish", "--topic", topic, "--data", "x", "--partition", "3")
    assert (wrong.code, "has no partition 3; use one from 0 to 2" in wrong.err) == (1, True)


async def test_a_file_is_published_line_by_line_in_order(kafka_bench: "KafkaBench", topic: str) -> None:
    await kafka_bench.ok("topic", "create", topic)
    lines = [b"line %d" % number for number in range(2500)]
    (kafka_bench.bench.folder / "lines").write_bytes(b"\n".join(lines) + b"\n\n")
    published = await kafka_bench.ok("topic", "publish", "--topic", topic, "--file", "lines")
    assert "Published 2500 messages" in published.err
    assert [each.value for each in await kafka_bench.records(topic)] == lines


async def test_json_lines_carry_keys_headers_and_bytes(kafka_bench: "KafkaBench", topic: str) -> None:
    await kafka_bench.ok("topic", "create", topic)
    lines = [{"value": "a", "headers": {"h": "1"}}, {"key": "gone"}, {"valueBase64": "AP8=", "key": "own"}]
    (kafka_bench.bench.folder / "lines").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    await kafka_bench.ok("topic", "publish", "--topic", topic, "-f", "lines", "--json-lines", "--key", "default")
    found = [(each.key, each.value, each.headers) for each in await kafka_bench.records(topic)]
    assert found == [(b"default", b"a", (("h", b"1"),)), (b"gone", None, ()), (b"own", b"\x00\xff", ())]


async def test_mistakes_are_told_with_the_remedy(kafka_bench: "KafkaBench", topic: str) -> None:
    await kafka_bench.ok("topic", "create", topic)
    twice = await kafka_bench.run("topic", "create", topic)
    assert (twice.code, "the topic exists" in twice.err) == (1, True)
    replicas = await kafka_bench.run("topic", "create", f"{topic}-r", "--replication-factor", "7")
    assert (replicas.code, "replication factor from 1" in replicas.err) == (1, True)
    missing = await kafka_bench.run("topic", "publish", "--topic", f"{topic}-no", "--data", "x")
    assert (missing.code, "create it with 'kubeless topic create'" in missing.err) == (1, True)
    gone = await kafka_bench.run("topic", "delete", f"{topic}-no")
    assert (gone.code, "there is no such topic" in gone.err) == (1, True)
    name = await kafka_bench.run("topic", "create", "a/b")
    assert (name.code, "is not a name of a Kafka topic" in name.err) == (1, True)


async def test_what_the_broker_finds_too_large_is_refused(kafka_bench: "KafkaBench", topic: str) -> None:
    await kafka_bench.ok("topic", "create", topic)
    (kafka_bench.bench.folder / "lines").write_bytes(b"small\n" + b"x" * (3 << 20) + b"\n")
    ran = await kafka_bench.run("topic", "publish", "--topic", topic, "--file", "lines")
    assert (ran.code, "larger than the broker takes" in ran.err) == (1, True)
    assert "1 messages before were published" in ran.err


async def test_requests_of_web_pages_are_refused(kafka_bench: "KafkaBench") -> None:
    url = f"http://127.0.0.1:{kafka_bench.admin_port}/topics"
    async with aiohttp.ClientSession() as session:
        for name, value in (("Origin", "http://evil.example"), ("Sec-Fetch-Site", "cross-site")):
            async with session.post(url, json={"name": "x"}, headers={name: value}) as response:
                assert (response.status, (await response.json())["reason"]) == (403, "Browser")


async def test_bodies_are_bounded(kafka_bench: "KafkaBench") -> None:
    url = f"http://127.0.0.1:{kafka_bench.admin_port}/topics"

    async def endless() -> "object":
        for _ in range(40):
            yield b"x" * (1 << 20)

    async with aiohttp.ClientSession() as session, session.post(url, data=endless()) as response:
        assert (response.status, (await response.json())["reason"]) == (413, "TooLarge")


async def test_a_broker_that_is_away_is_one_line(bench: "Bench") -> None:
    async with Connection(Settings(brokers=("127.0.0.1:1",), request_timeout=1.0), bench.client).running() as away:
        redelivery = cast("EngineRedelivery", None)  # topics need none
        admin_routes = routes(Context(away, redelivery))
        async with AdminServer("127.0.0.1", 0, CollectorRegistry(), routes=admin_routes) as server:
            await add_service(bench.client, SERVICE, server.port)
            for command in (("list",), ("create", "x"), ("publish", "--topic", "x", "--data", "y")):
                ran = await bench.run("topic", *command)
                assert (ran.code, ran.err.count("\n")) == (1, 1)
                assert "cannot reach Kafka at 127.0.0.1:1" in ran.err


async def test_a_service_that_is_not_there_is_one_line(bench: "Bench") -> None:
    ran = await bench.run("topic", "list")
    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert "Unable to find the service kafka-trigger-controller in namespace kubeless" in ran.err
    assert "--kafka-namespace" in ran.err


async def test_a_service_without_pods_is_one_line(bench: "Bench") -> None:
    metadata = {"name": "kafka-trigger-controller", "namespace": "team"}
    body = {"apiVersion": "v1", "kind": "Service", "metadata": metadata}
    await bench.client.create(SERVICES, body | {"spec": {"ports": [{"name": "admin", "port": 8091}]}})
    ran = await bench.run("topic", "list", "--kafka-namespace", "team")
    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert "does not answer; see why its pods are not ready" in ran.err
