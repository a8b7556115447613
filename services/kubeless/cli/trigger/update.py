"""`update`, for every kind of trigger: what is not given, or empty, stays as it is."""

import click

from kubeless.cli import messages
from kubeless.cli.trigger.flags import Decorator
from kubeless.cli.trigger.kind import TriggerKind
from kubeless.cli.trigger.wanted import Read, Wanted, wanting_command


def update_command(kind: TriggerKind, text: str, *, options: Decorator, read: Read) -> click.Command:
    """`text` is the help; see `wanting_command` for the rest."""
    return wanting_command(kind, text, options=options, read=read, act=_update)


async def _update(kind: TriggerKind, name: str, namespace: str | None, wanted: Wanted, dry_run: str | None) -> None:
    from kubeless.cli.cluster import connect
    from kubeless.cli.trigger.change import change_trigger

    async with connect() as client:
        scope = namespace or client.namespace
        await change_trigger(client, kind, name, scope, wanted.changed_spec, dry_run=dry_run)
    if dry_run is None:
        messages.info(f"{kind.heading} trigger {name} updated in namespace {scope} successfully!")
