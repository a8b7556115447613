"""What `update`, `suspend` and `resume` do: change a Kafka trigger, and nothing of it that was not asked for."""

from typing import TYPE_CHECKING, Any

from kubeless.api.resource import KAFKA_TRIGGERS
from kubeless.cli.failure import Fatal
from kubeless.cli.mergepatch import merge_patch
from kubeless.cli.trigger.kafka.build import changed_kafka_trigger
from kubeless.cli.trigger.objects import find_trigger
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.errors import KubeError

if TYPE_CHECKING:
    from kubeless.kube.client import KubeClient


async def wanted_trigger(
    client: "KubeClient", name: str, namespace: str, **changes: Any
) -> tuple[JsonObject, JsonObject]:
    """The trigger as it is, and with the changes of `changed_kafka_trigger`; raises `Fatal`."""
    current = await find_trigger(client, KAFKA_TRIGGERS, name, namespace, title="Kafka")
    return current, changed_kafka_trigger(current, **changes)


async def write_trigger(client: "KubeClient", current: JsonObject, changed: JsonObject) -> None:
    """Send what differs; raises `Fatal`."""
    name, namespace = current["metadata"]["name"], current["metadata"]["namespace"]
    patch = merge_patch(current, changed)
    if not patch:
        return
    try:
        await client.patch(KAFKA_TRIGGERS, name, patch, namespace=namespace)
    except KubeError as error:
        raise Fatal(f"Failed to update Kafka trigger object {name} in namespace {namespace}. Error: {error}") from error
