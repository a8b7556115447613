"""What commands for every kind of trigger do: look up what a trigger needs, print, and tell how it went."""

from typing import TYPE_CHECKING

from kubeless.api.resource import FUNCTIONS, Resource
from kubeless.cli import output
from kubeless.cli.failure import Fatal
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.errors import KubeError

if TYPE_CHECKING:
    from kubeless.kube.client import KubeClient


async def check_function(client: "KubeClient", name: str, namespace: str) -> None:
    """Whether there is such a function; raises `Fatal`."""
    try:
        await client.get(FUNCTIONS, name, namespace=namespace)
    except KubeError as error:
        raise Fatal(f"Unable to find Function {name} in namespace {namespace}. Error {error}") from error


async def find_trigger(
    client: "KubeClient", resource: Resource, name: str, namespace: str, *, title: str
) -> JsonObject:
    """The trigger; raises `Fatal`. `title` is how messages call its kind, such as `HTTP`."""
    try:
        return await client.get(resource, name, namespace=namespace)
    except KubeError as error:
        raise Fatal(f"Unable to find {title} trigger {name} in namespace {namespace}. Error {error}") from error


def print_dry_run(trigger: JsonObject, format_name: str) -> None:
    """Print an object instead of sending it; raises `Fatal` for a format that does not exist."""
    text = output.dry_run_text(trigger, format_name)
    if text is None:
        raise Fatal("Output format needs to be yaml or json")
    output.write(text)
