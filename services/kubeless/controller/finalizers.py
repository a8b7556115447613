"""
Let go of objects that the Go controllers held.

They put a finalizer on every object and took it off once its children were deleted. Owner references do that now, but
an object from back then still carries its finalizer and could never be deleted if nobody took it off.
"""

import structlog

from kubeless.api.resource import Resource
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.client import KubeClient
from kubeless.kube.errors import NotFound

log = structlog.get_logger(__name__)


async def remove_finalizer(client: KubeClient, resource: Resource, obj: JsonObject, finalizer: str) -> None:
    """Take one finalizer off an object, if it is there; raises Conflict if the object has changed since it was read."""
    metadata = obj["metadata"]
    finalizers = metadata.get("finalizers") or []
    if finalizer not in finalizers:
        return
    kept = [other for other in finalizers if other != finalizer]
    body = {"metadata": {"finalizers": kept, "resourceVersion": metadata["resourceVersion"]}}
    try:
        await client.patch(resource, metadata["name"], body, namespace=metadata["namespace"])
    except NotFound:
        return
    log.info("old finalizer removed", kind=resource.kind, namespace=metadata["namespace"], name=metadata["name"])
