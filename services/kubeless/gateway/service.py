"""
The gateway as a service: started in order, stopped without losing what it has accepted.

Start: admin port, triggers, functions and Secrets known, then intake. Stop: not ready, no intake, requests in flight
finished within the drain timeout, connections closed.
"""

import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import structlog
from prometheus_client import CollectorRegistry

from kubeless.api.httptrigger import HTTPTriggerSpec
from kubeless.api.resource import HTTP_TRIGGERS
from kubeless.core.health import AdminServer, Readiness
from kubeless.core.settings import SettingError
from kubeless.core.tracing import open_tracer
from kubeless.delivery.sources.statuswriter import StatusWriter
from kubeless.delivery.transport.metrics import TransportCollector
from kubeless.delivery.transport.transport import Transport
from kubeless.gateway.accesslog import AccessLog
from kubeless.gateway.admission import Admission
from kubeless.gateway.basicauth import PasswordCheck
from kubeless.gateway.doors import Doors, Refusals
from kubeless.gateway.forward import Forwarder
from kubeless.gateway.limits import RouteLimits
from kubeless.gateway.metrics import GatewayMetrics
from kubeless.gateway.protection import Protection
from kubeless.gateway.secretwatch import SecretWatch, is_secret_name
from kubeless.gateway.settings import Settings
from kubeless.gateway.status import TriggerStatus
from kubeless.gateway.table import RouteTable
from kubeless.gateway.triggers import Entry, TriggerFeed, read_trigger
from kubeless.kube.cache import ObjectKey
from kubeless.kube.client import KubeClient
from kubeless.kube.informer import Informer
from kubeless.kube.leading import leading
from kubeless.kube.lease import Leadership
from kubeless.kube.metrics import InformerCollector
from kubeless.routing.table import RoutingMode, RoutingTable

log = structlog.get_logger(__name__)

LEASE = "kubeless-gateway"
SERVICE = "kubeless-gateway"
"""The Kubernetes Service where events come in, and whose port `admin` has the metrics."""

SECRETS_TIMEOUT = 5.0
"""Seconds that a start waits for Secrets; routes whose Secret cannot be read stay closed, the others must open."""


@dataclass(frozen=True, slots=True)
class Gateway:
    """A running gateway."""

    port: int
    """Where events come in."""
    tls_port: int
    """Where they come in by TLS."""
    admin_port: int
    routes: RouteTable
    feed: TriggerFeed


@dataclass(frozen=True, slots=True)
class Running:
    """The part of a gateway that answers requests."""

    port: int
    tls_port: int
    routes: RouteTable
    feed: TriggerFeed


@dataclass(frozen=True, slots=True)
class Part:
    """What a process does of a gateway that may have several."""

    shares_ports: bool
    writes_status: bool


WHOLE = Part(shares_ports=False, writes_status=True)


@dataclass(frozen=True, slots=True)
class _Known:
    """What the gateway knows of the cluster."""

    routes: RouteTable
    functions: RoutingTable
    protection: Protection
    feed: TriggerFeed
    informers: Sequence[Informer[Any]]


@asynccontextmanager
async def serve(settings: Settings, client: KubeClient) -> AsyncIterator[Gateway]:
    """
    Run the gateway in this process while entered.

    Raises SettingError for settings that cannot work, PortTaken for a port in use.
    """
    registry = CollectorRegistry()
    metrics = GatewayMetrics(registry)
    async with (
        AdminServer(settings.admin_host, settings.admin_port, registry) as admin,
        run(settings, client, metrics=metrics, registry=registry, readiness=admin) as running,
    ):
        log.info("gateway is ready", port=running.port, tls_port=running.tls_port, admin_port=admin.port)
        yield Gateway(running.port, running.tls_port, admin.port, running.routes, running.feed)


@asynccontextmanager
async def run(
    settings: Settings,
    client: KubeClient,
    *,
    metrics: GatewayMetrics,
    registry: CollectorRegistry,
    readiness: Readiness,
    part: Part = WHOLE,
) -> AsyncIterator[Running]:
    """Answer requests while entered: all of the gateway but its admin port."""
    async with AsyncExitStack() as stack:
        transport = Transport()
        registry.register(TransportCollector(transport))
        await stack.enter_async_context(transport)
        known = await stack.enter_async_context(_knowing(settings, client, metrics))
        passwords = await stack.enter_async_context(PasswordCheck())
        tracer = open_tracer(settings.otlp_endpoint, service=SERVICE)
        if tracer is not None:
            await stack.enter_async_context(tracer.running())
        access_log = AccessLog(enabled=settings.access_log, sample=settings.access_log_sample)
        stack.callback(access_log.close)
        limits = RouteLimits(
            in_flight=settings.max_in_flight_per_route,
            queued=settings.max_queued_per_route,
            patience=settings.queue_timeout,
        )
        metrics.queued = lambda: limits.waiting
        admission = Admission(known.protection, passwords, limits)
        forwarder = Forwarder(
            settings,
            routes=known.routes,
            functions=known.functions,
            admission=admission,
            transport=transport,
            metrics=metrics,
            access_log=access_log,
            tracer=tracer,
        )
        if part.writes_status:  # one speaks for all: each of several processes knows the same
            InformerCollector(registry, lambda: known.informers)
            await stack.enter_async_context(_writing_status(settings, client, known))
        doors = Doors(settings, forwarder, Refusals(metrics, access_log), shared=part.shares_ports)
        plain, secure = await stack.enter_async_context(
            _intake(doors, forwarder, readiness, tls=known.protection.tls.context, drain=settings.drain_timeout)
        )
        admission.tls_port = settings.tls_public_port or secure
        yield Running(plain, secure, known.routes, known.feed)


@asynccontextmanager
async def _knowing(settings: Settings, client: KubeClient, metrics: GatewayMetrics) -> AsyncIterator[_Known]:
    """Follow triggers, functions and Secrets while entered."""
    secrets = SecretWatch(client)
    protection = Protection(secrets, default_certificate=_default_certificate(settings))
    routes = RouteTable()
    feed = TriggerFeed(routes, protection, route_gone=lambda route: metrics.forget_route(route.label))
    functions = RoutingTable(client, namespaces=settings.namespaces, mode=RoutingMode.of(settings.routing_mode))
    functions.subscribe(lambda key: _forget_function(metrics, functions, key))
    triggers: Informer[Entry] = Informer(client, HTTP_TRIGGERS, namespaces=settings.namespaces, transform=read_trigger)
    triggers.subscribe(feed.changed)
    async with functions.running(), triggers.running(), secrets.running():
        await functions.wait_synced()
        await triggers.wait_synced()
        if not await secrets.wait_read(SECRETS_TIMEOUT):
            log.warning("some Secrets could not be read yet; their routes stay closed", secrets=repr(secrets))
        yield _Known(routes, functions, protection, feed, (*functions.informers, triggers))


@asynccontextmanager
async def _writing_status(settings: Settings, client: KubeClient, known: _Known) -> AsyncIterator[None]:
    """Write the statuses of triggers while entered, if this replica is the one to do it."""
    source = TriggerStatus(known.feed, known.routes, known.functions, known.protection)
    writer: StatusWriter[HTTPTriggerSpec] = StatusWriter(
        client, HTTP_TRIGGERS, source, interval=settings.status_interval
    )

    def function_changed(key: ObjectKey) -> None:
        for trigger in known.feed.concerned(key):
            writer.changed(ObjectKey(*trigger))

    known.feed.subscribe(writer.changed)
    known.protection.subscribe(lambda key: writer.changed(ObjectKey(*key)))
    known.functions.subscribe(function_changed)
    leadership = None
    if settings.leader_election:
        leadership = Leadership(client, namespace=settings.kubeless_namespace, name=LEASE, identity=settings.identity)
    async with leading(leadership, writer.work):
        yield


@asynccontextmanager
async def _intake(
    doors: Doors, forwarder: Forwarder, readiness: Readiness, *, tls: ssl.SSLContext, drain: float
) -> AsyncIterator[tuple[int, int]]:
    """Take requests on both ports while entered; on leaving, refuse new ones and finish those under way."""
    plain, secure = doors.plain(), doors.secure(tls)
    async with plain, secure:
        readiness.ready = True
        try:
            yield plain.port, secure.port
        finally:
            readiness.ready = False
            await plain.stop_intake()
            await secure.stop_intake()
            await forwarder.drain(drain)


def _default_certificate(settings: Settings) -> ObjectKey | None:
    if not settings.tls_default_secret:
        return None
    namespace, slash, name = settings.tls_default_secret.partition("/")
    if not namespace or not slash or not is_secret_name(name):
        raise SettingError(
            "GATEWAY_TLS_DEFAULT_SECRET",
            settings.tls_default_secret,
            problem="names no Secret",
            remedy="use <namespace>/<name>",
        )
    return ObjectKey(namespace, name)


def _forget_function(metrics: GatewayMetrics, functions: RoutingTable, key: ObjectKey) -> None:
    if functions.function(key.namespace, key.name) is None:
        metrics.forget_function(f"{key.namespace}/{key.name}")
