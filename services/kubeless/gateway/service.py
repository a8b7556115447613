"""
The gateway as a service: started in order, stopped without losing what it has accepted.

Start: admin port, triggers and functions known, then intake. Stop: not ready, no intake, requests in flight finished
within the drain timeout, connections closed.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog
from prometheus_client import CollectorRegistry

from kubeless.api.resource import HTTP_TRIGGERS
from kubeless.core.health import AdminServer
from kubeless.core.settings import SettingError
from kubeless.delivery.transport.metrics import TransportCollector
from kubeless.delivery.transport.transport import Transport
from kubeless.gateway.forward import Forwarder
from kubeless.gateway.metrics import GatewayMetrics
from kubeless.gateway.route import Route
from kubeless.gateway.server import Server
from kubeless.gateway.settings import Settings
from kubeless.gateway.table import RouteTable
from kubeless.gateway.triggers import Entry, TriggerFeed, read_trigger
from kubeless.kube.cache import ObjectKey
from kubeless.kube.informer import Informer, Source
from kubeless.routing.table import RoutingMode, RoutingTable

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Gateway:
    """A running gateway."""

    port: int
    """Where events come in."""
    admin_port: int
    routes: RouteTable
    feed: TriggerFeed


@asynccontextmanager
async def serve(settings: Settings, client: Source) -> AsyncIterator[Gateway]:
    """
    Run the gateway while entered.

    Raises SettingError for an unknown routing mode, PortTaken for a port in use.
    """
    registry = CollectorRegistry()
    metrics = GatewayMetrics(registry)
    routes = RouteTable()
    feed = TriggerFeed(routes, route_gone=lambda route: _forget_route(metrics, route))
    functions = RoutingTable(client, namespace=settings.namespace, mode=_mode(settings))
    functions.subscribe(lambda key: _forget_function(metrics, functions, key))
    triggers: Informer[Entry] = Informer(client, HTTP_TRIGGERS, namespace=settings.namespace, transform=read_trigger)
    triggers.subscribe(feed.changed)
    async with (
        AdminServer(settings.admin_host, settings.admin_port, registry) as admin,
        Transport() as transport,
        functions.running(),
        triggers.running(),
    ):
        registry.register(TransportCollector(transport))
        await functions.wait_synced()
        await triggers.wait_synced()
        forwarder = Forwarder(settings, routes=routes, functions=functions, transport=transport, metrics=metrics)
        async with _intake(settings, forwarder, admin) as server:
            log.info("gateway is ready", port=server.port, admin_port=admin.port, routes=len(routes))
            yield Gateway(port=server.port, admin_port=admin.port, routes=routes, feed=feed)


@asynccontextmanager
async def _intake(settings: Settings, forwarder: Forwarder, admin: AdminServer) -> AsyncIterator[Server]:
    """Take requests while entered; on leaving, refuse new ones and finish those under way."""
    server = Server(
        forwarder.handle,
        host=settings.host,
        port=settings.port,
        keepalive_timeout=settings.keepalive_timeout,
        body_timeout=settings.body_timeout,
    )
    async with server:
        admin.ready = True
        try:
            yield server
        finally:
            admin.ready = False
            await server.stop_intake()
            await forwarder.drain(settings.drain_timeout)


def _mode(settings: Settings) -> RoutingMode:
    try:
        return RoutingMode(settings.routing_mode)
    except ValueError as error:
        raise SettingError(
            "ROUTING_MODE", settings.routing_mode, problem="is unknown", remedy="use endpoints or service"
        ) from error


def _forget_route(metrics: GatewayMetrics, route: Route) -> None:
    metrics.forget_route(route.label)


def _forget_function(metrics: GatewayMetrics, functions: RoutingTable, key: ObjectKey) -> None:
    if functions.function(key.namespace, key.name) is None:
        metrics.forget_function(f"{key.namespace}/{key.name}")
