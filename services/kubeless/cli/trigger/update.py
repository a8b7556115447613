"""`update`, for every kind of trigger: what is not given, or empty, stays as it is."""

import asyncio
from typing import Any

import click

from kubeless.cli import messages
from kubeless.cli.commands import Command
from kubeless.cli.options import dry_run_options, name_argument, namespace_option
from kubeless.cli.trigger.flags import Decorator
from kubeless.cli.trigger.kind import TriggerKind
from kubeless.cli.trigger.wanted import Read, Wanted


def update_command(kind: TriggerKind, text: str, *, options: Decorator, read: Read) -> click.Command:
    """`text` is the help; `options` are the flags of the kind, and `read` understands them."""

    @click.command(cls=Command, help=text)
    @name_argument(kind.name, complete=kind.complete)
    @options
    @namespace_option
    @dry_run_options
    def command(name: str, namespace: str | None, dry_run: bool, format_name: str, **given: Any) -> None:
        asyncio.run(_update(kind, name, namespace, read(given), format_name if dry_run else None))

    return command


async def _update(kind: TriggerKind, name: str, namespace: str | None, wanted: Wanted, dry_run: str | None) -> None:
    """`dry_run` is the format to print the object in; None: change it."""
    from kubeless.cli.cluster import connect
    from kubeless.cli.trigger.change import change_trigger

    async with connect() as client:
        scope = namespace or client.namespace
        await change_trigger(client, kind, name, scope, wanted.changed_spec, dry_run=dry_run)
    if dry_run is None:
        messages.info(f"{kind.heading} trigger {name} updated in namespace {scope} successfully!")
