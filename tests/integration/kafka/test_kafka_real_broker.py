"""Apache Kafka as a fixture: its secured listeners, and its life."""

import asyncio
import ssl

import pytest
from aiokafka import AIOKafkaProducer

from support.aiokafkaclient import AiokafkaClient
from support.kafkaclient import Record
from support.realkafka import PASSWORD, USERNAME, Listener, RealKafka


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
@pytest.mark.parametrize("listener", ["SASL_PLAINTEXT", "SASL_SSL"])
async def test_a_user_is_let_in(real_kafka: RealKafka, listener: Listener, mechanism: str) -> None:
    assert real_kafka.authority is not None
    producer = AIOKafkaProducer(
        bootstrap_servers=real_kafka.address(listener),
        security_protocol=listener,
        ssl_context=ssl.create_default_context(cafile=str(real_kafka.authority.certificate)),
        sasl_mechanism=mechanism,
        sasl_plain_username=USERNAME,
        sasl_plain_password=PASSWORD,
    )
    async with producer:
        pass


async def test_a_client_certificate_is_taken(real_kafka: RealKafka) -> None:
    assert real_kafka.authority is not None
    client = real_kafka.authority.sign("client")
    context = ssl.create_default_context(cafile=str(real_kafka.authority.certificate))
    context.load_cert_chain(client.certificate, client.key)
    address = real_kafka.address("SSL")
    async with AIOKafkaProducer(bootstrap_servers=address, security_protocol="SSL", ssl_context=context):
        pass


async def test_it_has_its_messages_after_a_stop_and_after_a_crash(own_kafka: RealKafka) -> None:
    client = AiokafkaClient(own_kafka.bootstrap)
    await client.create_topic("kept", 1)
    for offset, end in enumerate((own_kafka.stop, own_kafka.kill)):
        assert await client.produce("kept", [Record(b"")]) == [offset]
        await asyncio.to_thread(end)
        await asyncio.to_thread(own_kafka.start)
    assert await client.produce("kept", [Record(b"")]) == [2]
