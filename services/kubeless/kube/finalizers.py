"""
Let go of objects that the Go controllers held.

They put a finalizer on every function and trigger, and took it off when its children or consumers were gone. An object
from back then still carries it and could never be deleted if nobody took it off.
"""

from typing import Protocol

import structlog

from kubeless.api.metadata import Metadata
from kubeless.api.resource import Resource
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.errors import NotFound

log = structlog.get_logger(__name__)


class Patcher(Protocol):
    """What is asked of a client. `kubeless.kube.client.KubeClient` is one."""

    async def patch(self, resource: Resource, name: str, body: JsonObject, *, namespace: str | None) -> JsonObject:
        """Change parts of an object."""


async def remove_finalizer(client: Patcher, resource: Resource, metadata: Metadata, finalizer: str) -> None:
    """Take one finalizer off an object, if it is there; raises Conflict if the object has changed since it was read."""
    if finalizer not in metadata.finalizers:
        return
    kept = [other for other in metadata.finalizers if other != finalizer]
    body = {"metadata": {"finalizers": kept, "resourceVersion": metadata.resource_version}}
    try:
        await client.patch(resource, metadata.name, body, namespace=metadata.namespace)
    except NotFound:
        return
    log.info("old finalizer removed", kind=resource.kind, namespace=metadata.namespace, name=metadata.name)
