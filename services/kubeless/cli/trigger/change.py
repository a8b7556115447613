"""What `update`, `suspend` and `resume` do: change a trigger, and nothing of it that was not asked for."""

import copy
from typing import TYPE_CHECKING

from kubeless.cli.failure import Fatal
from kubeless.cli.mergepatch import merge_patch
from kubeless.cli.trigger.kind import TriggerKind
from kubeless.cli.trigger.objects import find_trigger
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.errors import KubeError

if TYPE_CHECKING:
    from kubeless.kube.client import KubeClient


def changed_trigger(current: JsonObject, changes: JsonObject) -> JsonObject:
    """The object with fields of its spec replaced; None stays as it is."""
    changed = copy.deepcopy(current)
    given = {name: value for name, value in changes.items() if value is not None}
    changed["spec"] = (changed.get("spec") or {}) | given
    return changed


async def wanted_trigger(
    client: "KubeClient", kind: TriggerKind, name: str, namespace: str, changes: JsonObject
) -> tuple[JsonObject, JsonObject]:
    """The trigger as it is, and with the changes of `changed_trigger`; raises `Fatal`."""
    current = await find_trigger(client, kind.resource, name, namespace, title=kind.title)
    return current, changed_trigger(current, changes)


async def write_trigger(client: "KubeClient", kind: TriggerKind, current: JsonObject, changed: JsonObject) -> None:
    """Send what differs; raises `Fatal`."""
    name, namespace = current["metadata"]["name"], current["metadata"]["namespace"]
    patch = merge_patch(current, changed)
    if not patch:
        return
    try:
        await client.patch(kind.resource, name, patch, namespace=namespace)
    except KubeError as error:
        raise Fatal(
            f"Failed to update {kind.title} trigger object {name} in namespace {namespace}. Error: {error}"
        ) from error
