"""The real command, against the embedded API server, whose proxy leads to the admin routes, which talk to a broker."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from aiokafka import TopicPartition
from prometheus_client import CollectorRegistry

from integration.cli.conftest import NAMESPACE, Bench, Ran, bench
from kubeless.api.delivery import KafkaDelivery
from kubeless.api.resource import KAFKA_TRIGGERS
from kubeless.core.health import AdminServer
from kubeless.delivery.admin.redelivery import EngineRedelivery
from kubeless.delivery.counters import EventCounters
from kubeless.kafka_consumer.adminroutes import routes
from kubeless.kafka_consumer.connection import Connection
from kubeless.kafka_consumer.settings import Settings
from kubeless.manage.kafkanames import SERVICE, dead_letter_topic
from support.adminworld import Functions, add_service
from support.kafkafixtures import Kafka, embedded_kafka, kafka, real_kafka

__all__ = ["bench", "embedded_kafka", "kafka", "real_kafka"]


@dataclass(frozen=True, slots=True)
class Context:
    """What the service gives the routes."""

    connection: Connection
    redelivery: EngineRedelivery


@dataclass(frozen=True, slots=True)
class KafkaBench:
    """A cluster with the admin operations and a broker behind them."""

    bench: Bench
    connection: Connection
    functions: Functions
    admin_port: int

    async def run(self, *args: str) -> Ran:
        return await self.bench.run(*args)

    async def ok(self, *args: str) -> Ran:
        """Run a command that has to succeed."""
        ran = await self.bench.run(*args)
        assert ran.code == 0, ran.err
        return ran

    async def add_trigger(self, name: str, topic: str, **delivery: Any) -> None:
        metadata = {"name": name, "namespace": NAMESPACE}
        spec = {"topic": topic, "functionSelector": {}, "delivery": delivery}
        body = {"apiVersion": KAFKA_TRIGGERS.api_version, "kind": "KafkaTrigger", "metadata": metadata, "spec": spec}
        await self.bench.client.create(KAFKA_TRIGGERS, body)

    async def records(self, topic: str, partition: int = 0) -> list[Any]:
        """All records of a partition."""
        source = TopicPartition(topic, partition)
        async with self.connection.reader() as consumer:
            start = (await consumer.beginning_offsets([source]))[source]
            end = (await consumer.end_offsets([source]))[source]
            consumer.assign([source])
            consumer.seek(source, start)
            found: list[Any] = []
            while await consumer.position(source) < end:
                found += (await consumer.getmany(source, timeout_ms=500)).get(source, [])
            return found

    async def bury(self, trigger: str, topic: str, *letters: "Buried", to: str = "") -> str:
        """Write dead letters as the service does; the topic."""
        target = to or dead_letter_topic(topic, NAMESPACE, trigger)
        async with self.connection.producer() as producer:
            for offset, letter in enumerate(letters):
                await producer.send_and_wait(
                    target, letter.value, key=letter.key, partition=0, headers=letter.headers(trigger, topic, offset)
                )
        return target


@dataclass(frozen=True, slots=True)
class Buried:
    """A dead letter to write."""

    value: bytes | None = b'{"amount": 1}'
    function: str = "bill"
    key: bytes | None = b"k"
    error: str = "answered 500"

    def headers(self, trigger: str, topic: str, offset: int) -> list[tuple[str, bytes]]:
        facts = {
            "kubeless-event-id": f"{topic}/0/{offset}",
            "kubeless-function": f"{NAMESPACE}/{self.function}",
            "kubeless-trigger": f"KafkaTrigger/{NAMESPACE}/{trigger}",
            "kubeless-reason": "exhausted",
            "kubeless-attempts": "5",
            "kubeless-error": self.error,
            "kubeless-first-time": "2026-01-01T00:00:00.000Z",
            "kubeless-last-time": "2026-01-01T00:01:00.000Z",
            "kubeless-status": "500",
        }
        return [("trace", b"abc"), *((name, text.encode()) for name, text in facts.items())]


@pytest.fixture
async def kafka_bench(bench: Bench, kafka: Kafka) -> AsyncIterator[KafkaBench]:
    functions = Functions()
    registry = CollectorRegistry()
    connection = Connection(Settings(brokers=(kafka.bootstrap,), request_timeout=5.0), bench.client)
    redelivery = EngineRedelivery(
        sender=functions,
        counters=EventCounters(registry),
        function=functions.record,
        delivery=lambda _: KafkaDelivery.model_validate({"retry": {"maxAttempts": 2, "initialDelay": 0.01}}),
    )
    async with (
        connection.running(),
        AdminServer("127.0.0.1", 0, registry, routes=routes(Context(connection, redelivery))) as server,
    ):
        await add_service(bench.client, SERVICE, server.port)
        yield KafkaBench(bench, connection, functions, server.port)
