"""`create`, for every kind of trigger."""

import asyncio
from typing import Any

import click

from kubeless.cli import messages
from kubeless.cli.commands import Command
from kubeless.cli.failure import Fatal
from kubeless.cli.options import dry_run_options, name_argument, namespace_option
from kubeless.cli.trigger.flags import Decorator
from kubeless.cli.trigger.kind import TriggerKind
from kubeless.cli.trigger.wanted import Read, Wanted
from kubeless.core.jsontypes import JsonObject


def create_command(kind: TriggerKind, text: str, *, options: Decorator, read: Read) -> click.Command:
    """`text` is the help; `options` are the flags of the kind, and `read` understands them."""

    @click.command(cls=Command, help=text)
    @name_argument(kind.name, complete=kind.complete)
    @options
    @namespace_option
    @dry_run_options
    def command(name: str, namespace: str | None, dry_run: bool, format_name: str, **given: Any) -> None:
        asyncio.run(_create(kind, name, namespace, read(given), format_name if dry_run else None))

    return command


def new_trigger(kind: TriggerKind, name: str, namespace: str, spec: JsonObject) -> JsonObject:
    """The object of a new trigger."""
    return {
        "apiVersion": kind.resource.api_version,
        "kind": kind.resource.kind,
        "metadata": {"name": name, "namespace": namespace, "labels": {"created-by": "kubeless"}},
        "spec": spec,
    }


async def _create(kind: TriggerKind, name: str, namespace: str | None, wanted: Wanted, dry_run: str | None) -> None:
    """`dry_run` is the format to print the object in; None: create it."""
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
