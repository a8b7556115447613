"""`create`, for every kind of trigger."""

import click

from kubeless.cli import messages
from kubeless.cli.failure import Fatal
from kubeless.cli.trigger.flags import Decorator
from kubeless.cli.trigger.kind import TriggerKind
from kubeless.cli.trigger.wanted import Read, Wanted, wanting_command
from kubeless.core.jsontypes import JsonObject


def create_command(kind: TriggerKind, text: str, *, options: Decorator, read: Read) -> click.Command:
    """`text` is the help; see `wanting_command` for the rest."""
    return wanting_command(kind, text, options=options, read=read, act=_create)


def new_trigger(kind: TriggerKind, name: str, namespace: str, spec: JsonObject) -> JsonObject:
    """The object of a new trigger."""
    return {
        "apiVersion": kind.resource.api_version,
        "kind": kind.resource.kind,
        "metadata": {"name": name, "namespace": namespace, "labels": {"created-by": "kubeless"}},
        "spec": spec,
    }


async def _create(kind: TriggerKind, name: str, namespace: str | None, wanted: Wanted, dry_run: str | None) -> None:
    from kubeless.cli.cluster import connect
    from kubeless.cli.trigger.objects import check_function, print_dry_run
    from kubeless.kube.errors import KubeError

    async with connect() as client:
        scope = namespace or client.namespace
        trigger = new_trigger(kind, name, scope, wanted.new_spec(client.server))
        if function := trigger["spec"].get("function-name"):
            await check_function(client, function, scope)
        if dry_run is not None:
            print_dry_run(trigger, dry_run)
            return
        try:
            await client.create(kind.resource, trigger)
        except KubeError as error:
            raise Fatal(kind.failure("create", name, scope, error)) from error
    messages.info(f"{kind.heading} trigger {name} created in namespace {scope} successfully!")
