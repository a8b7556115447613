"""
The Kafka consumer as a service: started in order, stopped without losing what it has taken in.

Start: admin port, triggers and functions known, then intake; Kafka may be away. Stop: not ready, no intake, events in
flight finished within the drain timeout, offsets committed, groups left, connections closed.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version

import structlog
from prometheus_client import CollectorRegistry

from kubeless.api.delivery import Delivery
from kubeless.api.kafkatrigger import KafkaTriggerSpec
from kubeless.api.resource import KAFKA_TRIGGERS
from kubeless.core.health import AdminServer
from kubeless.core.settings import SettingError
from kubeless.delivery.admin.redelivery import EngineRedelivery
from kubeless.delivery.counters import EventCounters
from kubeless.delivery.httpsender import HttpSender
from kubeless.delivery.sources.statuswriter import StatusWriter
from kubeless.delivery.transport.metrics import TransportCollector
from kubeless.delivery.transport.transport import Transport
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
from kubeless.kube.cache import ObjectKey
from kubeless.kube.client import KubeClient
from kubeless.kube.informer import Informer
from kubeless.kube.leading import leading
from kubeless.kube.lease import Leadership
from kubeless.routing.table import RoutingMode, RoutingTable

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
    registry = CollectorRegistry()
    counters = EventCounters(registry)
    connection = Connection(settings, client)
    functions = RoutingTable(client, namespace=settings.namespace, mode=_mode(settings))
    triggers: Informer[TriggerRecord] = Informer(
        client, KAFKA_TRIGGERS, namespace=settings.namespace, transform=read_trigger
    )
    async with AsyncExitStack() as stack:
        transport = Transport()
        sender = HttpSender(transport, functions.endpoints, user_agent=f"{CLIENT_ID}/{version('kubeless')}")
        letters = DeadLetters(connection)
        workplace = Workplace(settings, connection=connection, letters=letters, sender=sender, counters=counters)
        subscriptions = subscriptions_for(workplace, functions)
        redelivery = EngineRedelivery(
            sender=sender,
            counters=counters,
            function=functions.function,
            delivery=_delivery_of(subscriptions),
            ready=lambda: admin.ready,
        )
        registry.register(TransportCollector(transport))
        registry.register(collector(subscriptions.observed, lambda: connection.reachable))
        admin = await stack.enter_async_context(
            AdminServer(
                settings.admin_host,
                settings.admin_port,
                registry,
                routes=routes(_AdminContext(connection, redelivery)),
            )
        )
        for part in (transport, functions.running(), triggers.running(), connection.running(), letters):
            await stack.enter_async_context(part)
        await functions.wait_synced()
        await triggers.wait_synced()
        status = StatusWriter(
            client,
            KAFKA_TRIGGERS,
            TriggerStatus(subscriptions, connection),
            interval=settings.status_interval,
            finalizer=FINALIZER,
        )
        await stack.enter_async_context(leading(_leadership(settings, client), status.work))
        await stack.enter_async_context(subscriptions.running())
        subscriptions.subscribe(status.changed)
        triggers.subscribe(subscriptions.trigger_changed)
        functions.subscribe(subscriptions.function_changed)
        connection.subscribe(_Reconnect(connection, subscriptions, status).changed)
        admin.ready = True
        log.info("Kafka consumer is ready", admin_port=admin.port, consumers=len(subscriptions))
        try:
            yield KafkaConsumer(admin.port, connection, subscriptions)
        finally:
            admin.ready = False


def _delivery_of(subscriptions: Subscriptions) -> Callable[[ObjectKey], Delivery | None]:
    """Looks up how a trigger delivers."""

    def delivery(key: ObjectKey) -> Delivery | None:
        spec = subscriptions.spec(key)
        return None if spec is None else spec.delivery

    return delivery


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


def _leadership(settings: Settings, client: KubeClient) -> Leadership | None:
    if not settings.leader_election:
        return None
    return Leadership(client, namespace=settings.kubeless_namespace, name=LEASE, identity=settings.identity)


def _mode(settings: Settings) -> RoutingMode:
    try:
        return RoutingMode(settings.routing_mode)
    except ValueError as error:
        raise SettingError(
            "ROUTING_MODE", settings.routing_mode, problem="is unknown", remedy="use endpoints or service"
        ) from error
