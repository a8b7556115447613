"""
The cron scheduler as a service: started in order, stopped without losing what is under way.

Start: admin port, triggers and functions known, then the election; the leader calls. Stop: not ready, nothing is
started, calls in flight are finished within the drain timeout, what is left is told to the next leader, the lease is
given back.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version
from uuid import uuid4

import structlog
from prometheus_client import CollectorRegistry

from kubeless.api.cronjobtrigger import CronJobTriggerSpec
from kubeless.api.resource import CRONJOB_TRIGGERS
from kubeless.core.health import AdminServer
from kubeless.cron_scheduler.adminroutes import FireRoute
from kubeless.cron_scheduler.failures import FailureEvents
from kubeless.cron_scheduler.journal import Journal
from kubeless.cron_scheduler.metrics import CronMetrics
from kubeless.cron_scheduler.oldcronjobs import remove_old_cron_jobs
from kubeless.cron_scheduler.runs import Runs
from kubeless.cron_scheduler.scheduler import Scheduler
from kubeless.cron_scheduler.settings import Settings
from kubeless.cron_scheduler.status import StatusWriter
from kubeless.cron_scheduler.targets import functions_of
from kubeless.cron_scheduler.triggers import CronTrigger, trigger_reader
from kubeless.delivery.counters import EventCounters
from kubeless.delivery.httpsender import HttpSender
from kubeless.delivery.telemetry import Telemetry
from kubeless.delivery.transport.metrics import TransportCollector
from kubeless.delivery.transport.transport import Transport
from kubeless.kube.cache import ObjectKey
from kubeless.kube.client import KubeClient
from kubeless.kube.errors import KubeError
from kubeless.kube.informer import Informer
from kubeless.kube.leading import leading
from kubeless.kube.lease import Leadership
from kubeless.kube.metrics import InformerCollector
from kubeless.routing.functions import FunctionRecord
from kubeless.routing.table import RoutingMode, RoutingTable
from kubeless.schedules.zones import find_zone

log = structlog.get_logger(__name__)

SERVICE = "kubeless-cron-scheduler"
"""In spans."""

USER_AGENT = "kubeless-cronjob-trigger-controller"

LEASE_DURATION = 8.0
RENEW_DEADLINE = 5.5
RETRY_PERIOD = 1.0
"""Seconds, of the lease. With the doubt of the journal, another replica has taken over 13 s after a crash at most."""

CHECK_OLD = 30.0
"""Seconds to wait for the API server to tell about CronJobs of the Go controller."""


@dataclass(frozen=True, slots=True)
class CronScheduler:
    """A running cron scheduler."""

    admin_port: int
    scheduler: Scheduler


@asynccontextmanager
async def serve(settings: Settings, client: KubeClient) -> AsyncIterator[CronScheduler]:
    """
    Run the scheduler while entered.

    Raises SettingError and InvalidSchedule for settings that cannot work, PortTaken for a port in use.
    """
    find_zone(settings.time_zone)
    registry = CollectorRegistry()
    metrics = CronMetrics(registry)
    table = RoutingTable(client, namespaces=settings.namespaces, mode=RoutingMode.of(settings.routing_mode))
    triggers: Informer[CronTrigger] = Informer(
        client,
        CRONJOB_TRIGGERS,
        namespaces=settings.namespaces,
        transform=trigger_reader(settings.time_zone),
        indexers={"function": _by_function, "selecting": _by_selecting},
    )

    InformerCollector(registry, lambda: (*table.informers, triggers))

    def functions(namespace: str, spec: CronJobTriggerSpec) -> list[FunctionRecord]:
        return list(functions_of(table, namespace, spec))

    async with AsyncExitStack() as stack:
        telemetry = await stack.enter_async_context(Telemetry.of(settings, service=SERVICE).running())
        transport = Transport()
        registry.register(TransportCollector(transport))
        runs = Runs(
            sender=HttpSender(transport, table.endpoints, user_agent=f"{USER_AGENT}/{version('kubeless')}"),
            counters=EventCounters(registry, sparse=True),
            failures=FailureEvents(client),
            metrics=metrics,
            telemetry=telemetry,
        )
        # A name that no other process has, nor this one after a restart: it fences off all of them.
        holder = f"{settings.identity}/{uuid4().hex[:8]}"
        scheduler = Scheduler(
            runs=runs,
            functions=functions,
            journal=lambda: Journal(client, namespace=settings.kubeless_namespace, holder=holder),
            metrics=metrics,
            grace=settings.grace,
            alone=not settings.leader_election,
        )
        status = StatusWriter(
            client,
            scheduler,
            runs,
            functions,
            metrics=metrics,
            interval=settings.status_interval,
            rate=settings.status_rate,
        )
        fire = FireRoute(triggers.get, functions, runs)
        admin = await stack.enter_async_context(
            AdminServer(settings.admin_host, settings.admin_port, registry, routes=fire.routes())
        )
        for part in (transport, table.running(), triggers.running(), runs.running(), scheduler.running()):
            await stack.enter_async_context(part)
        await table.wait_synced()
        await triggers.wait_synced()
        triggers.subscribe(scheduler.trigger_changed)
        table.subscribe(_FunctionNews(triggers, status).changed)
        scheduler.on_change = status.changed

        async def work() -> None:
            await _remove_old(settings, client)
            async with asyncio.TaskGroup() as group:
                group.create_task(status.work(), name="status writer")
                group.create_task(scheduler.lead(), name="scheduler")

        await stack.enter_async_context(leading(_leadership(settings, client), work))
        admin.ready = True
        log.info("cron scheduler is ready", admin_port=admin.port, triggers=len(scheduler.triggers()))
        try:
            yield CronScheduler(admin.port, scheduler)
        finally:
            admin.ready = False
            await scheduler.drain(settings.drain_timeout)


class _FunctionNews:
    """Tells the status writer which triggers a function concerns."""

    def __init__(self, triggers: Informer[CronTrigger], status: StatusWriter) -> None:
        self._triggers = triggers
        self._status = status

    def changed(self, key: ObjectKey) -> None:
        """The routing table's listener."""
        named = self._triggers.by_index("function", key)
        selecting = self._triggers.by_index("selecting", key.namespace)
        for trigger in (*named, *selecting):
            self._status.changed(trigger.record.key)


def _by_function(trigger: CronTrigger) -> Iterator[ObjectKey]:
    spec = trigger.record.spec
    if spec is not None and spec.function_name:
        yield ObjectKey(trigger.record.metadata.namespace, spec.function_name)


def _by_selecting(trigger: CronTrigger) -> Iterator[str]:
    spec = trigger.record.spec
    if spec is not None and spec.function_selector is not None:
        yield trigger.record.metadata.namespace


async def _remove_old(settings: Settings, client: KubeClient) -> None:
    try:
        async with asyncio.timeout(CHECK_OLD):
            await remove_old_cron_jobs(client, namespaces=settings.namespaces)
    except (KubeError, TimeoutError) as error:
        log.warning("cannot look for CronJobs of the Go controller", error=str(error) or type(error).__name__)


def _leadership(settings: Settings, client: KubeClient) -> Leadership | None:
    if not settings.leader_election:
        return None
    return Leadership(
        client,
        namespace=settings.kubeless_namespace,
        name=settings.lease,
        identity=settings.identity,
        duration=LEASE_DURATION,
        renew_deadline=RENEW_DEADLINE,
        retry_period=RETRY_PERIOD,
    )
