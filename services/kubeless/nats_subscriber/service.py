"""
The NATS subscriber as a service: started in order, stopped without losing what it can keep.

Start: admin port, triggers and functions known, then intake; NATS may be away. Stop: not ready, no intake, events in
flight finished within the drain timeout, the rest given back to their streams, connection closed.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog

from kubeless.api.resource import NATS_TRIGGERS
from kubeless.delivery.admin.redelivery import EngineRedelivery
from kubeless.delivery.sources.service import Ground
from kubeless.delivery.sources.statuswriter import StatusWriter
from kubeless.kube.client import KubeClient
from kubeless.kube.informer import Informer
from kubeless.nats_subscriber.adminroutes import routes
from kubeless.nats_subscriber.connection import CLIENT_NAME, Connection
from kubeless.nats_subscriber.deadletters import DeadLetters
from kubeless.nats_subscriber.metrics import collector
from kubeless.nats_subscriber.retirement import Retirement
from kubeless.nats_subscriber.settings import Settings
from kubeless.nats_subscriber.status import TriggerStatus
from kubeless.nats_subscriber.subscription import Workplace
from kubeless.nats_subscriber.subscriptions import NatsSubscriptions, subscriptions_for
from kubeless.nats_subscriber.wanted import FINALIZER, NatsRecord, read_trigger

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
    triggers: Informer[NatsRecord] = Informer(
        client, NATS_TRIGGERS, namespaces=settings.namespaces, transform=read_trigger
    )
    # One byte more tells a response that is too long from one that just fits.
    ground = Ground(settings, client, triggers, name=LEASE, user_agent=CLIENT_NAME, keep_bytes=settings.max_reply + 1)
    connection = Connection(settings, client)
    workplace = Workplace(
        settings,
        connection=connection,
        letters=DeadLetters(connection, replicas=settings.dead_letter_replicas),
        sender=ground.sender,
        counters=ground.counters,
        telemetry=ground.telemetry,
    )
    subscriptions = subscriptions_for(workplace, ground.functions)
    retirement = Retirement(subscriptions, ground.functions, connection.jetstream)
    status = StatusWriter(
        client,
        NATS_TRIGGERS,
        TriggerStatus(subscriptions, connection),
        interval=settings.status_interval,
        finalizer=FINALIZER,
    )
    ground.registry.register(collector(subscriptions.observed, lambda: connection.reachable))
    context = _AdminContext(connection, ground.redelivery(subscriptions.spec))
    async with (
        ground.known(routes(context), connection.running()) as admin,
        ground.leading(status, LEASE),
        retirement.running(),
        subscriptions.running(),
    ):
        subscriptions.subscribe(status.changed)
        ground.tell(subscriptions, retirement)
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
