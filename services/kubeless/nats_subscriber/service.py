"""
The NATS subscriber as a service: started in order, stopped without losing what it can keep.

Start: admin port, triggers and functions known, then intake; NATS may be away. Stop: not ready, no intake, events in
flight finished within the drain timeout, the rest given back to their streams, connection closed.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version

import structlog
from prometheus_client import CollectorRegistry

from kubeless.api.delivery import Delivery
from kubeless.api.resource import NATS_TRIGGERS
from kubeless.core.health import AdminServer
from kubeless.core.settings import SettingError
from kubeless.delivery.admin.redelivery import EngineRedelivery
from kubeless.delivery.counters import EventCounters
from kubeless.delivery.httpsender import HttpSender
from kubeless.delivery.sources.statuswriter import StatusWriter
from kubeless.delivery.sources.subscriptions import Subscriptions
from kubeless.delivery.transport.metrics import TransportCollector
from kubeless.delivery.transport.transport import Transport
from kubeless.kube.cache import ObjectKey
from kubeless.kube.client import KubeClient
from kubeless.kube.informer import Informer
from kubeless.kube.leading import leading
from kubeless.kube.lease import Leadership
from kubeless.nats_subscriber.adminroutes import routes
from kubeless.nats_subscriber.connection import CLIENT_NAME, Connection
from kubeless.nats_subscriber.deadletters import DeadLetters
from kubeless.nats_subscriber.metrics import collector
from kubeless.nats_subscriber.retirement import Retirement
from kubeless.nats_subscriber.settings import Settings
from kubeless.nats_subscriber.status import NatsSubscriptions, TriggerStatus
from kubeless.nats_subscriber.subscription import NatsSubscription, Workplace
from kubeless.nats_subscriber.wanted import FINALIZER, NatsRecord, read_trigger, want
from kubeless.routing.table import RoutingMode, RoutingTable

log = structlog.get_logger(__name__)

LEASE = "kubeless-nats-subscriber"


@dataclass(frozen=True, slots=True)
class NatsSubscriber:
    """A running NATS subscriber; also what its admin operations work with."""

    admin_port: int
    connection: Connection
    subscriptions: NatsSubscriptions


@dataclass(frozen=True, slots=True)
class _AdminContext:
    connection: Connection
    redelivery: EngineRedelivery


@asynccontextmanager
async def serve(settings: Settings, client: KubeClient) -> AsyncIterator[NatsSubscriber]:
    """
    Run the subscriber while entered.

    Raises SettingError for settings that cannot work, PortTaken for a port in use.
    """
    registry = CollectorRegistry()
    counters = EventCounters(registry)
    connection = Connection(settings, client)
    functions = RoutingTable(client, namespace=settings.namespace, mode=_mode(settings))
    triggers: Informer[NatsRecord] = Informer(
        client, NATS_TRIGGERS, namespace=settings.namespace, transform=read_trigger
    )
    async with AsyncExitStack() as stack:
        transport = Transport()
        sender = HttpSender(
            transport,
            functions.endpoints,
            user_agent=f"{CLIENT_NAME}/{version('kubeless')}",
            # One byte more tells a response that is too long from one that just fits.
            keep_bytes=settings.max_reply + 1,
        )
        letters = DeadLetters(connection, replicas=settings.dead_letter_replicas)
        workplace = Workplace(settings, connection=connection, letters=letters, sender=sender, counters=counters)
        subscriptions: NatsSubscriptions = Subscriptions(
            NATS_TRIGGERS.kind,
            functions,
            counters=counters,
            want=want,
            make=lambda pair, changed: NatsSubscription(pair, workplace, changed),
            drain_timeout=settings.drain_timeout,
        )
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
        for part in (transport, functions.running(), triggers.running(), connection.running()):
            await stack.enter_async_context(part)
        await functions.wait_synced()
        await triggers.wait_synced()
        status = StatusWriter(
            client,
            NATS_TRIGGERS,
            TriggerStatus(subscriptions, connection),
            interval=settings.status_interval,
            finalizer=FINALIZER,
        )
        await stack.enter_async_context(leading(_leadership(settings, client), status.work))
        retirement = Retirement(subscriptions, functions, connection.jetstream)
        await stack.enter_async_context(retirement.running())
        await stack.enter_async_context(subscriptions.running())
        subscriptions.subscribe(status.changed)
        for listener in (subscriptions, retirement):
            triggers.subscribe(listener.trigger_changed)
            functions.subscribe(listener.function_changed)
        connection.subscribe(_Reconnect(connection, subscriptions, status.everything_changed).changed)
        admin.ready = True
        log.info("NATS subscriber is ready", admin_port=admin.port, subscriptions=len(subscriptions))
        try:
            yield NatsSubscriber(admin.port, connection, subscriptions)
        finally:
            admin.ready = False


class _Reconnect:
    """Lets dead letters be tried again when the server is back, and tells the status whether it is."""

    def __init__(self, connection: Connection, subscriptions: NatsSubscriptions, tell: Callable[[], None]) -> None:
        self._connection = connection
        self._subscriptions = subscriptions
        self._tell = tell

    def changed(self) -> None:
        """The connection's listener."""
        if self._connection.reachable:
            for subscription in self._subscriptions.observed().values():
                subscription.wake()
        self._tell()


def _delivery_of(subscriptions: NatsSubscriptions) -> Callable[[ObjectKey], Delivery | None]:
    """Looks up how a trigger delivers."""

    def delivery(key: ObjectKey) -> Delivery | None:
        spec = subscriptions.spec(key)
        return None if spec is None else spec.delivery

    return delivery


def _leadership(settings: Settings, client: KubeClient) -> Leadership | None:
    """How replicas agree on the one that writes statuses; None: there is only this one."""
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
