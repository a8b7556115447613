"""What `update`, `suspend` and `resume` do: change the spec of a trigger, and nothing that was not asked for."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from kubeless.cli.failure import Fatal
from kubeless.cli.mergepatch import merge_patch
from kubeless.cli.trigger.kind import TriggerKind
from kubeless.cli.trigger.objects import check_function, find_trigger, print_dry_run
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.errors import KubeError

if TYPE_CHECKING:
    from kubeless.kube.client import KubeClient


async def change_trigger(
    client: "KubeClient",
    kind: TriggerKind,
    name: str,
    namespace: str,
    change: Callable[[JsonObject], JsonObject],
    *,
    dry_run: str | None = None,
) -> None:
    """
    Give a trigger the spec that `change` makes of its spec, or print it in the format `dry_run`.

    Only what differs is sent. A function that the new spec names, and the old one did not, must be there. Raises Fatal.
    """
    current = await find_trigger(client, kind.resource, name, namespace, title=kind.title)
    before = current.get("spec") or {}
    changed = {**current, "spec": change(before)}
    function = changed["spec"].get("function-name")
    if function and function != before.get("function-name"):
        await check_function(client, function, namespace)
    if dry_run is not None:
        print_dry_run(changed, dry_run)
        return
    patch = merge_patch(current, changed)
    if not patch:
        return
    try:
        await client.patch(kind.resource, name, patch, namespace=namespace)
    except KubeError as error:
        raise Fatal(kind.failure("update", name, namespace, error)) from error
