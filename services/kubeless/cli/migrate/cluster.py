"""The objects of a cluster: read, and changed where somebody asks for it."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kubeless.api.resource import CUSTOM_RESOURCES, GROUP, VERSION, Resource
from kubeless.cli.failure import Fatal
from kubeless.cli.mergepatch import merge_patch
from kubeless.cli.migrate.modern import Modern
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.errors import KubeError, NotFound
from kubeless.kube.resources import CRON_JOBS

if TYPE_CHECKING:
    from kubeless.kube.client import KubeClient

_KINESIS = Resource(GROUP, VERSION, "kinesistriggers", "KinesisTrigger")


async def read_objects(client: "KubeClient", namespace: str | None) -> list[JsonObject]:
    """What Kubeless left in a namespace (None: in all), CronJobs of the old controller included."""
    found: list[JsonObject] = []
    for resource in (*CUSTOM_RESOURCES, _KINESIS):
        found += await _all(client, resource, namespace)
    found += await _all(client, CRON_JOBS, namespace, label_selector="created-by=kubeless")
    return found


async def write_changes(client: "KubeClient", objects: Sequence[Modern]) -> int:
    """
    Change the live objects; how many were. Those that somebody else changed meanwhile are not touched.

    Raises:
        Fatal: one was refused; those before it are changed.
    """
    resources = {resource.kind: resource for resource in CUSTOM_RESOURCES}
    count = 0
    for each in objects:
        resource = resources.get(str(each.old.get("kind")))
        if resource is None or each.new is None or not each.changes:
            continue
        metadata = each.old["metadata"]
        patch = merge_patch(each.old, each.new)
        patch.setdefault("metadata", {})["resourceVersion"] = metadata["resourceVersion"]
        try:
            await client.patch(resource, metadata["name"], patch, namespace=metadata["namespace"])
        except KubeError as error:
            raise Fatal(
                f"Failed to change {each.subject} in namespace {metadata['namespace']}. Error: {error}"
            ) from error
        count += 1
    return count


def place_of(obj: JsonObject) -> Path:
    """The file that a live object is written to."""
    metadata = obj["metadata"]
    return Path(str(metadata.get("namespace") or "default")) / f"{str(obj['kind']).lower()}-{metadata['name']}.yaml"


async def _all(
    client: "KubeClient", resource: Resource, namespace: str | None, *, label_selector: str = ""
) -> list[JsonObject]:
    try:
        return (await client.list(resource, namespace=namespace, label_selector=label_selector)).items
    except NotFound:  # not every installation has every kind
        return []
