"""
ServiceMonitors, in clusters that know them.

The objects are followed for as long as their kind is there, see `kubeless.controller.monitorkind`.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import NoReturn

import structlog

from kubeless.controller.labels import OURS, function_of
from kubeless.controller.monitorkind import MonitorKind
from kubeless.controller.packed import Packed, packer
from kubeless.kube.cache import ObjectKey
from kubeless.kube.follower import Source
from kubeless.kube.informer import Informer
from kubeless.kube.resources import SERVICE_MONITORS

log = structlog.get_logger(__name__)


class Monitors:
    """Follows the kind and its objects; enter `running`."""

    def __init__(self, client: Source, *, namespaces: tuple[str, ...]) -> None:
        """Look at these namespaces, or at all of them if none are named."""
        self._client = client
        self._namespaces = namespaces
        self._kind = MonitorKind(client, namespaces=namespaces)
        self._monitors: Informer[Packed] | None = None
        self._notices: list[Callable[[ObjectKey], None]] = []
        self._arrivals: list[Callable[[], None]] = []

    @property
    def available(self) -> bool:
        """Whether the cluster knows the kind, and we know its objects."""
        return self._monitors is not None and self._monitors.synced

    def get(self, key: ObjectKey) -> Packed | None:
        """The ServiceMonitor of that name, if it is one of ours."""
        return self._monitors.get(key) if self._monitors is not None else None

    def subscribe(self, notice: Callable[[ObjectKey], None], arrived: Callable[[], None]) -> None:
        """Call `notice` with a function's key when its ServiceMonitor has changed, `arrived` when the kind is there."""
        self._notices.append(notice)
        self._arrivals.append(arrived)

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Monitors"]:
        """Follow the cluster while the body runs."""
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(self._kind.run(), name="kind of service monitors"),
                group.create_task(self._follow(), name="service monitors"),
            ]
            yield self
            for task in tasks:
                task.cancel()

    async def _follow(self) -> NoReturn:
        while True:
            await self._kind.wait_there()
            self._monitors = monitors = self._informer()
            try:
                async with monitors.running(), asyncio.TaskGroup() as group:
                    arrival = group.create_task(self._announce(monitors))
                    await self._kind.wait_absent()
                    arrival.cancel()
            finally:
                self._monitors = None

    async def _announce(self, monitors: Informer[Packed]) -> None:
        await monitors.wait_synced()
        log.info("ServiceMonitors are known here", ours=len(monitors))
        for arrived in self._arrivals:
            arrived()

    def _informer(self) -> Informer[Packed]:
        monitors = Informer[Packed](
            self._client,
            SERVICE_MONITORS,
            namespaces=self._namespaces,
            label_selector=OURS,
            transform=packer(function_of),
        )
        monitors.subscribe(self._tell)
        return monitors

    def _tell(self, _: ObjectKey, old: Packed | None, new: Packed | None) -> None:
        for monitor in (old, new):
            if monitor is not None and monitor.function is not None:
                for notice in self._notices:
                    notice(monitor.function)
