"""TLS and SASL against Apache Kafka: from variables, from a Secret, and changed while events flow."""

import asyncio
import base64
import contextlib
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kubeless.core.jsontypes import JsonObject
from kubeless.kube.resources import SECRETS
from support.certificates import CertificateAuthority
from support.kafkaworld import NAMESPACE, World, make_world, new_topic, until
from support.realkafka import PASSWORD, USERNAME, Listener, RealKafka

LISTENERS: tuple[Listener, ...] = ("PLAINTEXT", "SASL_PLAINTEXT", "SSL", "SASL_SSL")


def tls(kafka: RealKafka) -> dict[str, str]:
    assert kafka.authority is not None
    return {"KAFKA_ENABLE_TLS": "true", "KAFKA_CACERTS": str(kafka.authority.certificate)}


def login(mechanism: str) -> dict[str, str]:
    return {
        "KAFKA_ENABLE_SASL": "true",
        "KAFKA_SASL_MECHANISM": mechanism,
        "KAFKA_USERNAME": USERNAME,
        "KAFKA_PASSWORD": PASSWORD,
    }


def credentials(kafka: RealKafka, name: str) -> dict[str, bytes]:
    """All that a Secret can hold, with a client certificate of its own."""
    assert kafka.authority is not None
    ours = kafka.authority.sign(name)
    return {
        "username": USERNAME.encode(),
        "password": PASSWORD.encode(),
        "ca_crt": kafka.authority.certificate.read_bytes(),
        "tls_crt": ours.certificate.read_bytes(),
        "tls_key": ours.key.read_bytes(),
    }


def secured(kafka: RealKafka) -> dict[str, str]:
    """TLS and a login, with all that is secret in the Secret."""
    return {
        "KAFKA_BROKERS": kafka.address("SASL_SSL"),
        "KAFKA_ENABLE_TLS": "true",
        "KAFKA_ENABLE_SASL": "true",
        "KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
        "KAFKA_SECRET": "kafka",
    }


def secret(**values: bytes) -> JsonObject:
    data = {name.replace("_", "."): base64.b64encode(value).decode() for name, value in values.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "kafka", "namespace": NAMESPACE}, "data": data}


@pytest.fixture(autouse=True)
async def every_connection_ended(real_kafka: RealKafka) -> AsyncIterator[None]:
    """aiokafka does not wait for the end of TLS; a loop that ends before it leaves its sockets open."""
    ports = {int(address.rpartition(":")[2]) for address in map(real_kafka.address, LISTENERS)}
    yield
    await until(lambda: ports.isdisjoint(connected_ports()))


def connected_ports() -> set[int]:
    """The ports that sockets of this process are connected to; none where the system has no `/proc`."""
    descriptors, table = Path("/proc/self/fd"), Path("/proc/self/net/tcp")
    if not table.exists():
        return set()
    own = set()
    for descriptor in os.listdir(descriptors):
        with contextlib.suppress(FileNotFoundError):  # closed since
            own.add(os.readlink(descriptors / descriptor))
    rows = [line.split() for line in table.read_text().splitlines()[1:]]
    return {int(row[2].rpartition(":")[2], 16) for row in rows if f"socket:[{row[9]}]" in own}


async def delivers(world: World, **environment: str) -> None:
    topic = new_topic()
    await world.make_topic(topic)
    ledger = await world.function()
    await world.trigger(topic=topic)
    async with world.service(**environment):
        await world.publish(topic, b"x")
        await ledger.until_done(1)
        await world.until_condition("BrokerReachable", "True")


@pytest.mark.parametrize(
    ("listener", "mechanism"),
    [
        ("SASL_PLAINTEXT", "PLAIN"),
        ("SASL_PLAINTEXT", "SCRAM-SHA-256"),
        ("SASL_PLAINTEXT", "SCRAM-SHA-512"),
        ("SASL_SSL", "PLAIN"),
        ("SASL_SSL", "SCRAM-SHA-256"),
        ("SASL_SSL", "SCRAM-SHA-512"),
        ("SSL", ""),
    ],
)
async def test_events_flow_over_a_listener_with_security(
    real_kafka: RealKafka, listener: Listener, mechanism: str
) -> None:
    environment = {"KAFKA_BROKERS": real_kafka.address(listener)}
    environment |= tls(real_kafka) if "SSL" in listener else {}
    environment |= login(mechanism) if mechanism else {}
    async with make_world(real_kafka.bootstrap) as world:
        await delivers(world, **environment)


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
async def test_everything_secret_comes_from_one_secret(real_kafka: RealKafka, mechanism: str) -> None:
    async with make_world(real_kafka.bootstrap) as world:
        await world.client.create(SECRETS, secret(**credentials(real_kafka, "one")))
        await delivers(world, **secured(real_kafka) | {"KAFKA_SASL_MECHANISM": mechanism})


async def test_credentials_rotated_in_the_secret_hold_while_events_flow(real_kafka: RealKafka, tmp_path: Path) -> None:
    """The next client certificate and a bundle of authorities, as in a change of authority; each event comes once."""
    other = CertificateAuthority(tmp_path / "other").certificate.read_bytes()
    async with make_world(real_kafka.bootstrap) as world:
        topic = new_topic()
        await world.make_topic(topic)
        ledger = await world.function()
        await world.trigger(topic=topic)
        first, second = credentials(real_kafka, "one"), credentials(real_kafka, "two")
        await world.client.create(SECRETS, secret(**first))
        async with world.service(**secured(real_kafka)) as service:
            publishing = asyncio.create_task(world.publish(topic, *[b"%d" % number for number in range(1500)]))
            await ledger.until_done(20)
            await world.client.replace(SECRETS, secret(**second | {"ca_crt": other + second["ca_crt"]}))
            await until(lambda: service.connection.generation == 2)
            done = len(ledger.done)
            await ledger.until_done(done + 20)
            await world.client.replace(SECRETS, secret(**second | {"tls_crt": b"no certificate"}))
            await publishing
            await ledger.until_done(1500)
            await world.until_committed("greet", topic, 1500)
            assert service.connection.generation == 2
            await world.until_condition("BrokerReachable", "True")
    assert ledger.bodies == [b"%d" % number for number in range(1500)]


async def test_an_authority_that_did_not_sign_is_told_and_the_right_one_in_the_secret_holds_at_once(
    real_kafka: RealKafka, tmp_path: Path
) -> None:
    other = CertificateAuthority(tmp_path / "other").certificate.read_bytes()
    right = credentials(real_kafka, "one")
    async with make_world(real_kafka.bootstrap) as world:
        topic = new_topic()
        await world.make_topic(topic)
        ledger = await world.function()
        await world.trigger(topic=topic)
        await world.publish(topic, b"x")
        await world.client.create(SECRETS, secret(**right | {"ca_crt": other}))
        async with world.service(**secured(real_kafka)):
            await world.until_condition("BrokerReachable", "False")
            condition = next(each for each in (await world.status())["conditions"] if each["type"] == "BrokerReachable")
            assert "certificate" in condition["message"].lower()
            await world.client.replace(SECRETS, secret(**right))
            await ledger.until_done(1)
            await world.until_condition("BrokerReachable", "True")


async def test_a_certificate_of_ours_is_shown_to_the_broker(real_kafka: RealKafka) -> None:
    assert real_kafka.authority is not None
    ours = real_kafka.authority.sign("consumer")
    pair = {"KAFKA_CERT": str(ours.certificate), "KAFKA_KEY": str(ours.key)}
    async with make_world(real_kafka.bootstrap) as world:
        await delivers(world, KAFKA_BROKERS=real_kafka.address("SSL"), **tls(real_kafka), **pair)


async def test_a_wrong_password_is_told_and_a_right_one_in_the_secret_holds_at_once(real_kafka: RealKafka) -> None:
    async with make_world(real_kafka.bootstrap) as world:
        topic = new_topic()
        await world.make_topic(topic)
        ledger = await world.function()
        await world.trigger(topic=topic)
        await world.client.create(SECRETS, secret(username=USERNAME.encode(), password=b"wrong"))
        environment = {
            "KAFKA_BROKERS": real_kafka.address("SASL_PLAINTEXT"),
            "KAFKA_ENABLE_SASL": "true",
            "KAFKA_SECRET": "kafka",
        }
        async with world.service(**environment) as service:
            await world.until_condition("BrokerReachable", "False")
            condition = next(each for each in (await world.status())["conditions"] if each["type"] == "BrokerReachable")
            assert "uthenticat" in condition["message"]
            assert "wrong" not in condition["message"]
            await world.client.replace(SECRETS, secret(username=USERNAME.encode(), password=PASSWORD.encode()))
            await world.publish(topic, b"x")
            await ledger.until_done(1)
            assert service.connection.generation == 2


async def test_rotated_certificates_hold_without_a_restart_and_without_a_second_delivery(
    real_kafka: RealKafka, tmp_path: Path
) -> None:
    assert real_kafka.authority is not None
    authorities = tmp_path / "ca.pem"
    shutil.copy(real_kafka.authority.certificate, authorities)
    environment = tls(real_kafka) | {
        "KAFKA_BROKERS": real_kafka.address("SSL"),
        "KAFKA_CACERTS": str(authorities),
        "KAFKA_FILES_INTERVAL": "0.2",
    }
    async with make_world(real_kafka.bootstrap) as world:
        topic = new_topic()
        await world.make_topic(topic)
        ledger = await world.function()
        await world.trigger(topic=topic)
        async with world.service(**environment) as service:
            await world.publish(topic, b"1")
            await ledger.until_done(1)
            authorities.write_text(authorities.read_text() + "\n")
            await until(lambda: service.connection.generation == 2)
            await world.publish(topic, b"2")
            await ledger.until_done(2)
            (pair,) = service.subscriptions.observed().values()
            await until(lambda: pair.counters.rebalances == 2)
        assert ledger.bodies == [b"1", b"2"]
