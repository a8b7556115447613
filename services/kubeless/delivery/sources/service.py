"""
What a service stands on that takes events from a broker and delivers them to functions: the parts that are the same
whichever broker it is, and the order in which they start and stop.

Start: admin port, functions and triggers known, then the statuses and the intake; the broker may be away. Stop: not
ready, no intake, what is under way has its time, then everything else.
"""

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from importlib.metadata import version
from typing import Generic, Protocol, TypeVar

from aiohttp import web
from prometheus_client import CollectorRegistry

from kubeless.api.delivery import Delivery
from kubeless.core.health import AdminServer
from kubeless.delivery.admin.redelivery import EngineRedelivery
from kubeless.delivery.counters import EventCounters
from kubeless.delivery.httpsender import KEEP_BYTES, HttpSender
from kubeless.delivery.sources.record import TriggerRecord
from kubeless.delivery.sources.statuswriter import StatusWriter
from kubeless.delivery.sources.subscriptions import SelectingSpec
from kubeless.delivery.telemetry import Telemetry
from kubeless.delivery.transport.metrics import TransportCollector
from kubeless.delivery.transport.transport import Transport
from kubeless.kube.cache import ObjectKey
from kubeless.kube.client import KubeClient
from kubeless.kube.informer import Informer
from kubeless.kube.leading import leading
from kubeless.kube.lease import Leadership
from kubeless.kube.metrics import InformerCollector
from kubeless.routing.table import RoutingMode, RoutingTable


class SourceSettings(Protocol):
    """What an operator sets in every such service."""

    @property
    def namespaces(self) -> tuple[str, ...]: ...

    @property
    def routing_mode(self) -> str: ...

    @property
    def admin_host(self) -> str: ...

    @property
    def admin_port(self) -> int: ...

    @property
    def leader_election(self) -> bool: ...

    @property
    def kubeless_namespace(self) -> str: ...

    @property
    def identity(self) -> str: ...

    @property
    def event_log(self) -> bool: ...

    @property
    def event_log_sample(self) -> float: ...

    @property
    def otlp_endpoint(self) -> str: ...


class DeliveringSpec(SelectingSpec, Protocol):
    """The spec of a trigger that says how to deliver."""

    @property
    def delivery(self) -> Delivery: ...


SpecT = TypeVar("SpecT", bound=DeliveringSpec)

Part = AbstractAsyncContextManager[object, bool | None]


class Listener(Protocol[SpecT]):
    """Who is told of triggers and functions."""

    def trigger_changed(
        self, key: ObjectKey, old: TriggerRecord[SpecT] | None, new: TriggerRecord[SpecT] | None, /
    ) -> None: ...

    def function_changed(self, key: ObjectKey, /) -> None: ...


class Ground(Generic[SpecT]):
    """The parts; `known` and `leading` start them."""

    def __init__(
        self,
        settings: SourceSettings,
        client: KubeClient,
        triggers: Informer[TriggerRecord[SpecT]],
        *,
        name: str,
        user_agent: str,
        keep_bytes: int = KEEP_BYTES,
    ) -> None:
        """
        `name` is that of the service in spans; `user_agent` is without a version; `keep_bytes` are kept of a function's
        response.

        Raises SettingError.
        """
        self._settings = settings
        self._client = client
        self._triggers = triggers
        self._admin: AdminServer | None = None
        self._transport = Transport()
        self.telemetry = Telemetry.of(settings, service=name)
        self.registry = CollectorRegistry()
        self.registry.register(TransportCollector(self._transport))
        self.counters = EventCounters(self.registry)
        self.functions = RoutingTable(
            client, namespaces=settings.namespaces, mode=RoutingMode.of(settings.routing_mode)
        )
        InformerCollector(self.registry, lambda: (*self.functions.informers, triggers))
        self.sender = HttpSender(
            self._transport,
            self.functions.endpoints,
            user_agent=f"{user_agent}/{version('kubeless')}",
            keep_bytes=keep_bytes,
        )

    @property
    def ready(self) -> bool:
        """Whether events are taken in."""
        return self._admin is not None and self._admin.ready

    def redelivery(self, spec: Callable[[ObjectKey], SpecT | None]) -> EngineRedelivery:
        """Delivers single events; `spec` looks up that of a trigger."""

        def delivery(key: ObjectKey) -> Delivery | None:
            found = spec(key)
            return None if found is None else found.delivery

        return EngineRedelivery(
            sender=self.sender,
            counters=self.counters,
            function=self.functions.function,
            delivery=delivery,
            ready=lambda: self.ready,
            telemetry=self.telemetry,
        )

    @asynccontextmanager
    async def known(self, routes: Iterable[web.RouteDef], *parts: Part) -> AsyncIterator[AdminServer]:
        """
        On entry the admin port with `routes` is open, functions and triggers are known, and `parts` run.

        Raises PortTaken.
        """
        settings = self._settings
        async with AsyncExitStack() as stack:
            admin = self._admin = await stack.enter_async_context(
                AdminServer(settings.admin_host, settings.admin_port, self.registry, routes=routes)
            )
            own: tuple[Part, ...] = (
                self.telemetry.running(),
                self._transport,
                self.functions.running(),
                self._triggers.running(),
            )
            for part in (*own, *parts):
                await stack.enter_async_context(part)
            await self.functions.wait_synced()
            await self._triggers.wait_synced()
            yield admin

    def leading(self, status: StatusWriter[SpecT], lease: str) -> Part:
        """While entered, one of all replicas writes statuses: the one that holds the lease, if they elect one."""
        settings = self._settings
        leadership = None
        if settings.leader_election:
            leadership = Leadership(
                self._client, namespace=settings.kubeless_namespace, name=lease, identity=settings.identity
            )
        return leading(leadership, status.work)

    def tell(self, *listeners: Listener[SpecT]) -> None:
        """Tell them of every trigger and function there is, and of each change from now on, in this order."""
        for listener in listeners:
            self._triggers.subscribe(listener.trigger_changed)
            self.functions.subscribe(listener.function_changed)
