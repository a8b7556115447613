"""
ServiceMonitors, in clusters that know them.

The kind belongs to the Prometheus operator, which may be installed or removed at any time. So its definition is
watched, and the objects for as long as it is there.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import NoReturn

import structlog

from kubeless.controller.labels import OURS, function_of
from kubeless.controller.packed import Packed, packer
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.cache import ObjectKey
from kubeless.kube.client import KubeClient
from kubeless.kube.errors import Forbidden
from kubeless.kube.informer import Informer
from kubeless.kube.resources import CRDS, SERVICE_MONITORS

log = structlog.get_logger(__name__)

_DEFINITION = f"metadata.name={SERVICE_MONITORS.qualified_name}"


class Monitors:
    """Follows the kind and its objects; enter `running`."""

    def __init__(self, client: KubeClient, *, namespaces: tuple[str, ...]) -> None:
        """Look at these namespaces, or at all of them if none are named."""
        self._client = client
        self._namespaces = namespaces
        self._definition = Informer[bool](client, CRDS, field_selector=_DEFINITION, transform=_serves)
        self._definition.subscribe(self._defined)
        self._changed = asyncio.Event()
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
            task = group.create_task(self._run(), name="service monitors")
            yield self
            task.cancel()

    async def _run(self) -> None:
        try:
            await self._client.list_page(CRDS, field_selector=_DEFINITION, limit=1)
        except Forbidden as error:
            log.warning("functions get no ServiceMonitors", error=str(error))
            return
        async with self._definition.running():
            await self._definition.wait_synced()
            await self._follow()

    async def _follow(self) -> NoReturn:
        while True:
            self._changed.clear()
            if not self._definition.values():
                await self._changed.wait()
                continue
            monitors = self._informer()
            async with monitors.running():
                await monitors.wait_synced()
                self._monitors = monitors
                log.info("ServiceMonitors are known here", ours=len(monitors))
                for arrived in self._arrivals:
                    arrived()
                await self._changed.wait()
                self._monitors = None

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

    def _defined(self, _: ObjectKey, old: bool | None, new: bool | None) -> None:
        if old != new:
            self._changed.set()


def _serves(definition: JsonObject) -> bool | None:
    """True for a definition whose version that we know is served."""
    conditions = (definition.get("status") or {}).get("conditions") or []
    established = any(item.get("type") == "Established" and item.get("status") == "True" for item in conditions)
    versions = definition["spec"].get("versions") or []
    served = any(item.get("name") == SERVICE_MONITORS.version and item.get("served") for item in versions)
    return True if established and served else None
