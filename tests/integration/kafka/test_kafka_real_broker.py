"""
Apache Kafka as a fixture: its secured listeners, and its life.

librdkafka asks, not aiokafka: under TLS the latter leaves its first connection closing when it stops.
"""

import asyncio
from typing import Any

import pytest
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from support.kafkaclient import Record
from support.librdkafkaclient import LibrdkafkaClient
from support.realkafka import PASSWORD, USERNAME, Listener, RealKafka


async def nodes(kafka: RealKafka, listener: Listener, settings: dict[str, str], timeout: float = 10.0) -> list[int]:
    """The ids of the nodes that a client on a secured listener is told."""
    assert kafka.authority is not None
    admin: Any = AdminClient(
        {
            "bootstrap.servers": kafka.address(listener),
            "security.protocol": listener,
            "ssl.ca.location": str(kafka.authority.certificate),
            **settings,
        }
    )
    return list((await asyncio.to_thread(admin.list_topics, timeout=timeout)).brokers)


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
@pytest.mark.parametrize("listener", ["SASL_PLAINTEXT", "SASL_SSL"])
async def test_a_user_is_let_in(real_kafka: RealKafka, listener: Listener, mechanism: str) -> None:
    user = {"sasl.username": USERNAME, "sasl.password": PASSWORD}
    assert await nodes(real_kafka, listener, {"sasl.mechanism": mechanism, **user}) == [1]


async def test_a_wrong_password_is_refused(real_kafka: RealKafka) -> None:
    user = {"sasl.username": USERNAME, "sasl.password": "wrong"}
    with pytest.raises(KafkaException):
        await nodes(real_kafka, "SASL_SSL", {"sasl.mechanism": "PLAIN", **user}, timeout=1.0)


async def test_a_client_certificate_is_taken(real_kafka: RealKafka) -> None:
    assert real_kafka.authority is not None
    client = real_kafka.authority.sign("client")
    files = {"ssl.certificate.location": str(client.certificate), "ssl.key.location": str(client.key)}
    assert await nodes(real_kafka, "SSL", files) == [1]


async def test_it_has_its_messages_after_a_stop_and_after_a_crash(own_kafka: RealKafka) -> None:
    client = LibrdkafkaClient(own_kafka.bootstrap)
    await client.create_topic("kept", 1)
    for offset, end in enumerate((own_kafka.stop, own_kafka.kill)):
        assert await client.produce("kept", [Record(b"")]) == [offset]
        await asyncio.to_thread(end)
        await asyncio.to_thread(own_kafka.start)
    assert await client.produce("kept", [Record(b"")]) == [2]
