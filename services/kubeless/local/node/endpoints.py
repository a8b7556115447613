"""Services with a selector -> EndpointSlices and Endpoints, kept current as pods come, get ready and go."""

import asyncio

from kubeless.core.jsontypes import JsonObject
from kubeless.core.workqueue import WorkQueue
from kubeless.kube.cache import ObjectKey
from kubeless.kube.client import KubeClient
from kubeless.kube.errors import AlreadyExists, Conflict, NotFound
from kubeless.kube.informer import Informer
from kubeless.kube.resources import ENDPOINT_SLICES, ENDPOINTS
from kubeless.local.node.endpointslices import (
    MANAGED_BY,
    MANAGER,
    SERVICE_NAME,
    has_endpoint,
    make_endpoints,
    make_slices,
    selects,
)

BY_NAMESPACE = "namespace"
"""The index of objects by their namespace."""
BY_SERVICE = "service"
"""The index of EndpointSlices by namespace and name of their Service."""

_STALE = 0.02


class EndpointsController:
    """Works on Services by key; `run` must run in a task of the owner."""

    def __init__(
        self,
        client: KubeClient,
        *,
        services: Informer[JsonObject],
        pods: Informer[JsonObject],
        slices: Informer[JsonObject],
        endpoints: Informer[JsonObject],
    ) -> None:
        """`services` and `pods` have the index `BY_NAMESPACE`, `slices` has `BY_SERVICE`."""
        self._client = client
        self._services = services
        self._pods = pods
        self._slices = slices
        self._endpoints = endpoints
        self._queue: WorkQueue[ObjectKey] = WorkQueue("endpoints")

    async def run(self) -> None:
        """Work until cancelled."""
        self._services.subscribe(lambda key, _old, _new: self._queue.add(key))
        self._pods.subscribe(self._on_pod)
        self._slices.subscribe(self._on_slice)
        self._endpoints.subscribe(lambda key, _old, _new: self._queue.add(key))
        await self._queue.run(self._sync, workers=4)

    def _on_pod(self, key: ObjectKey, old: JsonObject | None, new: JsonObject | None) -> None:
        for service in self._services.by_index(BY_NAMESPACE, key.namespace):
            if any(pod is not None and selects(service, pod) for pod in (old, new)):
                self._queue.add(ObjectKey(key.namespace, service["metadata"]["name"]))

    def _on_slice(self, key: ObjectKey, old: JsonObject | None, new: JsonObject | None) -> None:
        name = ((new or old or {})["metadata"].get("labels") or {}).get(SERVICE_NAME)
        if name:
            self._queue.add(ObjectKey(key.namespace, str(name)))

    async def _sync(self, key: ObjectKey) -> None:
        service = self._services.get(key)
        if service is None or not service["spec"].get("selector") or service["metadata"].get("deletionTimestamp"):
            return  # what it had goes with it, by owner reference; without a selector others take care
        pods = [
            pod
            for pod in self._pods.by_index(BY_NAMESPACE, key.namespace)
            if selects(service, pod) and has_endpoint(pod)
        ]
        try:
            await asyncio.gather(
                self._write_slices(key, make_slices(service, pods)),
                self._write_endpoints(key, make_endpoints(service, pods)),
            )
        except (Conflict, AlreadyExists, NotFound):
            # The cache is behind: somebody, perhaps this controller, was here meanwhile.
            self._queue.add_after(key, _STALE)

    async def _write_slices(self, key: ObjectKey, wanted: list[JsonObject]) -> None:
        present = {
            item["metadata"]["name"]: item
            for item in self._slices.by_index(BY_SERVICE, key)
            if item["metadata"]["labels"].get(MANAGED_BY) == MANAGER
        }
        for value in wanted:
            current = present.pop(value["metadata"]["name"], None)
            if current is None:
                await self._client.create(ENDPOINT_SLICES, value)
            elif _differs(current, value, ("endpoints", "ports")):
                await self._client.replace(ENDPOINT_SLICES, _with_version(value, current))
        for name, item in present.items():
            await self._client.delete(ENDPOINT_SLICES, name, namespace=key.namespace, uid=item["metadata"]["uid"])

    async def _write_endpoints(self, key: ObjectKey, wanted: JsonObject) -> None:
        current = self._endpoints.get(key)
        if current is None:
            await self._client.create(ENDPOINTS, wanted)
        elif _differs(current, wanted, ("subsets",)):
            await self._client.replace(ENDPOINTS, _with_version(wanted, current))


def by_namespace(obj: JsonObject) -> list[str]:
    """The index function for `BY_NAMESPACE`."""
    return [obj["metadata"]["namespace"]]


def by_service(obj: JsonObject) -> list[ObjectKey]:
    """The index function for `BY_SERVICE`."""
    name = (obj["metadata"].get("labels") or {}).get(SERVICE_NAME)
    return [ObjectKey(obj["metadata"]["namespace"], str(name))] if name else []


def _differs(current: JsonObject, wanted: JsonObject, fields: tuple[str, ...]) -> bool:
    labels = current["metadata"].get("labels") or {}
    return labels != wanted["metadata"]["labels"] or any(
        (current.get(name) or []) != (wanted.get(name) or []) for name in fields
    )


def _with_version(wanted: JsonObject, current: JsonObject) -> JsonObject:
    metadata = {**wanted["metadata"], "resourceVersion": current["metadata"]["resourceVersion"]}
    return {**wanted, "metadata": metadata}
