"""
The Kafka consumer as a service: started in order, stopped without losing what it has taken in.

Start: admin port, triggers and functions known, then intake; Kafka may be away. Stop: not ready, no intake, events in
flight finished within the drain timeout, offsets committed, groups left, connections closed.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog

from kubeless.api.kafkatrigger import KafkaTriggerSpec
from kubeless.api.resource import KAFKA_TRIGGERS
from kubeless.delivery.admin.redelivery import EngineRedelivery
from kubeless.delivery.sources.service import Ground
from kubeless.delivery.sources.statuswriter import StatusWriter
from kubeless.kafka_consumer.adminroutes import routes
from kubeless.kafka_consumer.connection import Connection
from kubeless.kafka_consumer.deadletters import DeadLetters
from kubeless.kafka_consumer.metrics import collector
from kubeless.kafka_consumer.security import CLIENT_ID
from kubeless.kafka_consumer.settings import Settings
from kubeless.kafka_consumer.status import TriggerStatus
from kubeless.kafka_consumer.subscription import Workplace
from kubeless.kafka_consumer.subscriptions import Subscriptions, subscriptions_for
from kubeless.kafka_consumer.triggers import FINALIZER, TriggerRecord, read_trigger
from kubeless.kube.client import KubeClient
from kubeless.kube.informer import Informer

log = structlog.get_logger(__name__)

LEASE = "kubeless-kafka-consumer"


@dataclass(frozen=True, slots=True)
class KafkaConsumer:
    """A running Kafka consumer; also what its admin operations work with."""

    admin_port: int
    connection: Connection
    subscriptions: Subscriptions


@dataclass(frozen=True, slots=True)
class _AdminContext:
    connection: Connection
    redelivery: EngineRedelivery


@asynccontextmanager
async def serve(settings: Settings, client: KubeClient) -> AsyncIterator[KafkaConsumer]:
    """
    Run the consumer while entered.

    Raises SettingError for settings that cannot work, PortTaken for a port in use.
    """
    triggers: Informer[TriggerRecord] = Informer(
        client, KAFKA_TRIGGERS, namespaces=settings.namespaces, transform=read_trigger
    )
    ground = Ground(settings, client, triggers, name=LEASE, user_agent=CLIENT_ID)
    connection = Connection(settings, client)
    letters = DeadLetters(connection)
    workplace = Workplace(
        settings,
        connection=connection,
        letters=letters,
        sender=ground.sender,
        counters=ground.counters,
        telemetry=ground.telemetry,
    )
    subscriptions = subscriptions_for(workplace, ground.functions)
    status = StatusWriter(
        client,
        KAFKA_TRIGGERS,
        TriggerStatus(subscriptions, connection),
        interval=settings.status_interval,
        finalizer=FINALIZER,
    )
    ground.registry.register(collector(subscriptions.observed, lambda: connection.reachable))
    context = _AdminContext(connection, ground.redelivery(subscriptions.spec))
    async with (
        ground.known(routes(context), connection.running(), letters) as admin,
        ground.leading(status, LEASE),
        subscriptions.running(),
    ):
        subscriptions.subscribe(status.changed)
        ground.tell(subscriptions)
        connection.subscribe(_Reconnect(connection, subscriptions, status).changed)
        admin.ready = True
        log.info("Kafka consumer is ready", admin_port=admin.port, consumers=len(subscriptions))
        try:
            yield KafkaConsumer(admin.port, connection, subscriptions)
        finally:
            admin.ready = False


class _Reconnect:
    """Tells consumers of new credentials, and the status of whether the brokers answer."""

    def __init__(
        self, connection: Connection, subscriptions: Subscriptions, status: StatusWriter[KafkaTriggerSpec]
    ) -> None:
        self._connection = connection
        self._subscriptions = subscriptions
        self._status = status
        self._generation = connection.generation

    def changed(self) -> None:
        """The connection's listener."""
        if self._connection.generation != self._generation:
            self._generation = self._connection.generation
            for subscription in self._subscriptions.observed().values():
                subscription.reconnect()
        self._status.everything_changed()
