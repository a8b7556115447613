"""
Whether the cluster knows ServiceMonitors.

The kind belongs to the Prometheus operator, which may be installed or removed at any time. Its definition is watched
where the whole cluster is looked after. Who is confined to namespaces may not read definitions, so there the objects
are asked for now and then: the answer is 404 while nobody knows the kind.
"""

import asyncio
from typing import NoReturn

import structlog

from kubeless.core.backoff import Backoff
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.cache import ObjectKey
from kubeless.kube.errors import KubeError, NotFound
from kubeless.kube.follower import Source
from kubeless.kube.informer import Informer
from kubeless.kube.resources import CRDS, SERVICE_MONITORS

log = structlog.get_logger(__name__)

ASK_INTERVAL = 60.0
"""Seconds between two questions of the same kind: how late the operator may be noticed at most."""

_DEFINITION = f"metadata.name={SERVICE_MONITORS.qualified_name}"


class MonitorKind:
    """Knows whether the kind is there while `run` runs."""

    def __init__(self, client: Source, *, namespaces: tuple[str, ...]) -> None:
        """Ask in these namespaces, or for the definition if none are named."""
        self._client = client
        self._namespaces = namespaces
        self._there = asyncio.Event()
        self._absent = asyncio.Event()
        self._absent.set()

    async def wait_there(self) -> None:
        """Wait until the cluster knows the kind."""
        await self._there.wait()

    async def wait_absent(self) -> None:
        """Wait until the cluster knows the kind no longer."""
        await self._absent.wait()

    async def run(self) -> NoReturn:
        """Follow the cluster until cancelled. A refusal is waited out: an API server that starts refuses everybody."""
        if self._namespaces:
            await self._ask()
        else:
            await self._watch()

    async def _ask(self) -> NoReturn:
        told = ""
        while True:
            try:
                await self._client.list_page(
                    SERVICE_MONITORS,
                    namespace=self._namespaces[0],
                    label_selector="",
                    field_selector="",
                    limit=1,
                    token="",
                )
                self._set(True)
            except NotFound:
                self._set(False)
            except KubeError as error:
                told = _warn(error, told)
            await asyncio.sleep(ASK_INTERVAL)

    async def _watch(self) -> NoReturn:
        await self._until_allowed()
        definition = Informer[bool](self._client, CRDS, field_selector=_DEFINITION, transform=_serves)
        definition.subscribe(self._defined)
        await definition.run()
        raise AssertionError("an informer runs until it is cancelled")

    async def _until_allowed(self) -> None:
        """Apart from the informer, which asks often: some accounts may never read definitions."""
        backoff, told = Backoff(maximum=ASK_INTERVAL), ""
        while True:
            try:
                await self._client.list_page(
                    CRDS, namespace=None, label_selector="", field_selector=_DEFINITION, limit=1, token=""
                )
            except KubeError as error:
                told = _warn(error, told)
                await asyncio.sleep(backoff.next())
            else:
                return

    def _defined(self, _key: ObjectKey, _old: bool | None, new: bool | None) -> None:
        self._set(bool(new))

    def _set(self, there: bool) -> None:
        now, other = (self._there, self._absent) if there else (self._absent, self._there)
        other.clear()
        now.set()


def _warn(error: KubeError, told: str) -> str:
    """Say once what keeps us from knowing."""
    if str(error) != told:
        log.warning("functions get no ServiceMonitors for now", error=str(error))
    return str(error)


def _serves(definition: JsonObject) -> bool | None:
    """True for a definition whose version that we know is served."""
    conditions = (definition.get("status") or {}).get("conditions") or []
    established = any(item.get("type") == "Established" and item.get("status") == "True" for item in conditions)
    versions = definition["spec"].get("versions") or []
    served = any(item.get("name") == SERVICE_MONITORS.version and item.get("served") for item in versions)
    return True if established and served else None
