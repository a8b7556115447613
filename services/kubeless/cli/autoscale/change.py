"""Put an autoscaling rule into a function, or take it out."""

from typing import TYPE_CHECKING

from kubeless.api.resource import FUNCTIONS
from kubeless.cli.failure import Fatal
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.errors import KubeError
from kubeless.kube.request import PatchType

if TYPE_CHECKING:
    from kubeless.kube.client import KubeClient

_FIELD = "horizontalPodAutoscaler"


async def find_function(client: "KubeClient", name: str, namespace: str) -> JsonObject:
    """The function; raises `Fatal`."""
    try:
        return await client.get(FUNCTIONS, name, namespace=namespace)
    except KubeError as error:
        raise Fatal(f"Unable to find Function {name} in namespace {namespace}. Error {error}") from error


async def write_autoscaler(client: "KubeClient", function: JsonObject, autoscaler: JsonObject | None) -> None:
    """Replace the rule as a whole, so that nothing of another one stays; None: there is none. Raises `Fatal`."""
    metadata = function["metadata"]
    spec = function.get("spec") or {}
    operation = "add" if autoscaler is not None else "remove"
    value = {} if autoscaler is None else {"value": autoscaler}
    patch: list[JsonObject] = [{"op": operation, "path": f"/spec/{_FIELD}", **value}]
    if autoscaler is None and _FIELD not in spec:
        return
    try:
        await client.patch(
            FUNCTIONS, metadata["name"], patch, namespace=metadata["namespace"], patch_type=PatchType.JSON
        )
    except KubeError as error:
        raise Fatal(f"Failed to change the autoscaling rule of {metadata['name']}. Received:\n{error}") from error
