"""
The configuration, kept current.

A ConfigMap that cannot be read changes nothing: the last good one stays in force, the log says what is wrong and a
metric shows it, because one typing error must not take every function of a cluster along.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog

from kubeless.api.resource import FUNCTIONS
from kubeless.controller.config import Config, parse_config
from kubeless.controller.metrics import Metrics
from kubeless.controller.settings import Settings
from kubeless.core.errors import InvalidField
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.cache import ObjectKey
from kubeless.kube.client import KubeClient
from kubeless.kube.errors import Forbidden, NotFound
from kubeless.kube.informer import Informer
from kubeless.kube.resources import CONFIG_MAPS, CRDS

log = structlog.get_logger(__name__)

NAMESPACE_ANNOTATION = "kubeless.io/namespace"
NAME_ANNOTATION = "kubeless.io/config"


@dataclass(frozen=True, slots=True)
class Location:
    """Where the ConfigMap is."""

    namespace: str
    name: str


async def find_location(client: KubeClient, settings: Settings) -> Location:
    """Where the ConfigMap is: as the settings say, else the annotations of the CRD of functions, else the default."""
    annotations: Mapping[str, str] = {}
    if not (settings.kubeless_namespace and settings.config_name):
        try:
            definition = await client.get(CRDS, FUNCTIONS.qualified_name)
            annotations = definition["metadata"].get("annotations") or {}
        except (NotFound, Forbidden) as error:
            log.debug("the CRD does not tell where the configuration is", error=str(error))
    return Location(
        settings.kubeless_namespace or annotations.get(NAMESPACE_ANNOTATION) or "kubeless",
        settings.config_name or annotations.get(NAME_ANNOTATION) or "kubeless-config",
    )


class ConfigWatch:
    """Holds the configuration in force. Enter `running` to keep it current."""

    def __init__(self, client: KubeClient, location: Location, settings: Settings, metrics: Metrics) -> None:
        self._settings = settings
        self._metrics = metrics
        self._subscribers: list[Callable[[], None]] = []
        self.current: Config = self._parse({})
        self._informer = Informer[JsonObject](
            client,
            CONFIG_MAPS,
            namespaces=(location.namespace,),
            field_selector=f"metadata.name={location.name}",
            transform=lambda obj: obj.get("data") or {},
        )
        self._metrics.config_valid.set(1)
        self._informer.subscribe(self._changed)

    @asynccontextmanager
    async def running(self) -> AsyncIterator["ConfigWatch"]:
        """Follow the ConfigMap while the body runs; on entry it has been read, or is known not to exist."""
        async with self._informer.running():
            await self._informer.wait_synced()
            yield self

    def subscribe(self, callback: Callable[[], None]) -> None:
        """Call `callback` after each change of `current`."""
        self._subscribers.append(callback)

    def _parse(self, data: Mapping[str, str]) -> Config:
        overrides = dict(pair.partition("=")[::2] for pair in self._settings.image_overrides)
        return parse_config(data, registry=self._settings.registry, image_overrides=overrides)

    def _changed(self, key: ObjectKey, _old: JsonObject | None, new: JsonObject | None) -> None:
        try:
            self.current = self._parse(new or {})
        except InvalidField as error:
            self._metrics.config_valid.set(0)
            log.warning("the configuration cannot be used, the last one stays", config=key, error=str(error))
            return
        self._metrics.config_valid.set(1)
        if (new or {}).get("enable-build-step") == "true":
            log.warning("images are not built here; name a prebuilt image in spec.deployment", key="enable-build-step")
        log.info("configuration read", config=key, runtimes=len(self.current.catalog.ids()))
        for callback in self._subscribers:
            callback()
