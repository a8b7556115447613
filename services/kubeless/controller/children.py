"""
The objects of one function: find them, see that their names are free, bring them about.

All names are looked at before the first object is written. A function whose Deployment belongs to somebody else must
not leave a Service behind that nobody asked for.
"""

from collections.abc import Iterator

from kubeless.api.resource import Resource
from kubeless.controller.apply import Applier, refuse_foreign
from kubeless.controller.caches import BY_FUNCTION, Caches
from kubeless.controller.desired.objects import Desired
from kubeless.controller.packed import Packed, content_of
from kubeless.controller.requests import Requests
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.cache import ObjectKey
from kubeless.kube.errors import NotFound
from kubeless.kube.resources import CONFIG_MAPS, DEPLOYMENTS, HPAS, SERVICE_MONITORS, SERVICES


class Children:
    """The objects that functions have."""

    def __init__(self, client: Requests, caches: Caches) -> None:
        self._client = client
        self._caches = caches
        self._applier = Applier(client)

    def contents(self, key: ObjectKey) -> tuple[bytes, ...]:
        """What the objects of a function are like, as far as it matters whether they are as they should be."""
        caches = self._caches
        known = (caches.config_maps, caches.services, caches.deployments, caches.monitors)
        autoscalers = caches.autoscalers.by_index(BY_FUNCTION, key)
        return (
            bytes([caches.monitors.available]),
            *(content_of(cache.get(key)) for cache in known),
            *(autoscaler.content for autoscaler in autoscalers),
        )

    async def bring_about(self, key: ObjectKey, desired: Desired) -> JsonObject:
        """
        Make the objects of a function as they should be; returns the Deployment.

        Raises ForeignObject, with nothing written, if one of the names is taken; BeingDeleted; and KubeError.
        """
        wanted = list(self._wanted(key, desired))
        found = [await self._find(resource, child, known) for resource, child, known in wanted]
        for (resource, child, _), live in zip(wanted, found, strict=True):
            if live is not None:
                refuse_foreign(resource, child, live)
        made = {
            resource: await self._applier.apply(resource, child, live)
            for (resource, child, _), live in zip(wanted, found, strict=True)
        }
        await self._remove_unwanted(
            key, {child["metadata"]["name"] for resource, child, _ in wanted if resource == HPAS}
        )
        if desired.monitor is None:
            await self._remove_monitor(key)
        return made[DEPLOYMENTS]

    def forget(self, key: ObjectKey) -> None:
        """The function is gone."""
        self._applier.forget(key.namespace, key.name)

    def _wanted(self, key: ObjectKey, desired: Desired) -> Iterator[tuple[Resource, JsonObject, Packed | None]]:
        """Kind, object as it should be, and what we know of it."""
        caches = self._caches
        yield CONFIG_MAPS, desired.config_map, caches.config_maps.get(key)
        yield SERVICES, desired.service, caches.services.get(key)
        yield DEPLOYMENTS, desired.deployment, caches.deployments.get(key)
        if desired.autoscaler is not None:
            name = desired.autoscaler["metadata"]["name"]
            yield HPAS, desired.autoscaler, caches.autoscalers.get(ObjectKey(key.namespace, name))
        if desired.monitor is not None and caches.monitors.available:
            yield SERVICE_MONITORS, desired.monitor, caches.monitors.get(key)

    async def _find(self, resource: Resource, child: JsonObject, known: Packed | None) -> JsonObject | None:
        if known is not None:
            return known.unpack()
        # Only what has our label is known: an object of somebody else, or without its label, has to be asked for.
        try:
            return await self._client.get(resource, child["metadata"]["name"], namespace=child["metadata"]["namespace"])
        except NotFound:
            return None

    async def _remove_unwanted(self, key: ObjectKey, wanted: set[str]) -> None:
        """Delete autoscalers that the function no longer asks for, or asks for by another name."""
        for autoscaler in self._caches.autoscalers.by_index(BY_FUNCTION, key):
            name = autoscaler.unpack()["metadata"]["name"]
            if name not in wanted:
                await self._delete(HPAS, ObjectKey(key.namespace, name), autoscaler)

    async def _remove_monitor(self, key: ObjectKey) -> None:
        monitor = self._caches.monitors.get(key)
        if monitor is not None and monitor.function == key:
            await self._delete(SERVICE_MONITORS, key, monitor)

    async def _delete(self, resource: Resource, key: ObjectKey, live: Packed) -> None:
        try:
            await self._client.delete(resource, key.name, namespace=key.namespace, uid=live.uid)
        except NotFound:
            return
