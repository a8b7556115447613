"""
What the reconcilers ask of the API server, counted.

Looking costs nothing, as all they need to know is watched. So these counters tell what the controller does to a
cluster: where everything is as it should be they stand still.
"""

from collections.abc import Sequence

from kubeless.api.resource import Resource
from kubeless.controller.metrics import Metrics
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.client import KubeClient


class Requests:
    """The verbs of a `KubeClient` that reconcilers need; errors are its own."""

    def __init__(self, client: KubeClient, metrics: Metrics) -> None:
        self._client = client
        self._count = metrics.requested

    async def get(self, resource: Resource, name: str, *, namespace: str | None = None) -> JsonObject:
        """Read an object."""
        self._count("get", resource)
        return await self._client.get(resource, name, namespace=namespace)

    async def create(self, resource: Resource, body: JsonObject, *, namespace: str | None = None) -> JsonObject:
        """Create an object and return it as stored."""
        self._count("create", resource)
        return await self._client.create(resource, body, namespace=namespace)

    async def replace(self, resource: Resource, body: JsonObject, *, namespace: str | None = None) -> JsonObject:
        """Replace an object and return it as stored."""
        self._count("update", resource)
        return await self._client.replace(resource, body, namespace=namespace)

    async def patch(
        self,
        resource: Resource,
        name: str,
        body: JsonObject | Sequence[JsonObject],
        *,
        namespace: str | None = None,
        subresource: str | None = None,
    ) -> JsonObject:
        """Change parts of an object, or of its status."""
        self._count("patch", resource)
        return await self._client.patch(resource, name, body, namespace=namespace, subresource=subresource)

    async def delete(
        self, resource: Resource, name: str, *, namespace: str | None = None, uid: str | None = None
    ) -> JsonObject:
        """Delete an object; with `uid`, only that very one."""
        self._count("delete", resource)
        return await self._client.delete(resource, name, namespace=namespace, uid=uid)
