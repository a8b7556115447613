"""
Let go of triggers that the Go controller held.

It put a finalizer on every trigger and took it off when its consumers had ended. A trigger from back then still carries
it and could never be deleted if nobody took it off.
"""

import structlog

from kubeless.api.metadata import Metadata
from kubeless.api.resource import Resource
from kubeless.kube.client import KubeClient
from kubeless.kube.errors import NotFound

log = structlog.get_logger(__name__)


async def remove_finalizer(client: KubeClient, resource: Resource, metadata: Metadata, finalizer: str) -> None:
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
