"""
What the controller looks after: some namespaces or all, for as long as the configuration says so.

When `functions-namespace` changes, caches and queues are thrown away and made anew; what was made in a namespace before
stays there, and nobody looks after it any more.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import structlog

from kubeless.api.resource import CRONJOB_TRIGGERS, FUNCTIONS, HTTP_TRIGGERS
from kubeless.controller.caches import Caches
from kubeless.controller.configwatch import ConfigWatch
from kubeless.controller.crontriggers import CronTriggers
from kubeless.controller.ingresses import IngressReconciler
from kubeless.controller.loop import Loop
from kubeless.controller.metrics import Metrics
from kubeless.controller.reconcile import FunctionReconciler
from kubeless.controller.requests import Requests
from kubeless.controller.settings import Settings
from kubeless.kube.client import KubeClient
from kubeless.kube.informer import Informer
from kubeless.kube.leading import leading
from kubeless.kube.lease import Leadership

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Scope:
    functions: Loop
    triggers: tuple[Loop, ...]
    workers: int
    informers: tuple[Informer[Any], ...]

    async def work(self) -> None:
        """Reconcile until cancelled."""
        async with asyncio.TaskGroup() as group:
            for loop in (self.functions, *self.triggers):
                group.create_task(loop.run(workers=self.workers))


class Controller:
    """Follows the namespaces that the configuration names, and works there while this replica leads."""

    def __init__(
        self,
        client: KubeClient,
        settings: Settings,
        config: ConfigWatch,
        metrics: Metrics,
        election: Callable[[], Leadership | None],
    ) -> None:
        """`election` makes this replica's part in the election; None if there is no other replica."""
        self._client = client
        self._settings = settings
        self._config = config
        self._metrics = metrics
        self._election = election
        self._synced = asyncio.Event()
        self._moved = asyncio.Event()
        self._namespaces: tuple[str, ...] = ()
        self._scope: _Scope | None = None
        config.subscribe(self._configured)

    @property
    def informers(self) -> Sequence[Informer[Any]]:
        """What keeps it current, for now."""
        return () if self._scope is None else self._scope.informers

    async def wait_synced(self) -> None:
        """Wait until the cluster is known for the first time."""
        await self._synced.wait()

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            self._namespaces = self._wanted()
            self._moved.clear()
            async with self._looking_at(self._namespaces) as scope, leading(self._election(), scope.work):
                self._scope = scope
                self._synced.set()
                await self._moved.wait()
            self._scope = None

    def _wanted(self) -> tuple[str, ...]:
        return self._settings.functions_namespaces or self._config.current.functions_namespaces

    def _configured(self) -> None:
        if self._wanted() != self._namespaces:
            log.info("another functions-namespace", before=_named(self._namespaces), now=_named(self._wanted()))
            self._moved.set()
        elif self._scope is not None:
            self._scope.functions.add_all()

    @asynccontextmanager
    async def _looking_at(self, namespaces: tuple[str, ...]) -> AsyncIterator[_Scope]:
        client, metrics = self._client, self._metrics
        async with AsyncExitStack() as stack:
            caches = await stack.enter_async_context(Caches(client, namespaces=namespaces).running())
            requests = Requests(client, metrics)
            functions = FunctionReconciler(requests, caches, lambda: self._config.current, metrics)
            http = IngressReconciler(client, requests, caches.functions, metrics, namespaces=namespaces)
            cron = CronTriggers(client, requests, caches.functions, namespaces=namespaces)
            await stack.enter_async_context(http.running())
            await stack.enter_async_context(cron.running())
            loops = (
                Loop(FUNCTIONS.kind, functions.reconcile, caches.functions.keys, metrics),
                Loop(HTTP_TRIGGERS.kind, http.reconcile, http.keys, metrics),
                Loop(CRONJOB_TRIGGERS.kind, cron.reconcile, cron.keys, metrics),
            )
            caches.subscribe(loops[0].queue.add)
            http.subscribe(loops[1].queue.add)
            cron.subscribe(loops[2].queue.add)
            log.info("controller synced and ready", namespaces=_named(namespaces), functions=len(caches.functions))
            informers = (*caches.informers, *http.informers, *cron.informers)
            yield _Scope(loops[0], loops[1:], self._settings.workers, informers)


def _named(namespaces: tuple[str, ...]) -> str:
    return ", ".join(namespaces) or "(all)"
