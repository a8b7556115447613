"""`kubeless trigger nats update`: what is not given, or empty, stays as it is."""

import asyncio
from typing import Any

import click

from kubeless.cli import messages
from kubeless.cli.commands import Command
from kubeless.cli.trigger.nats.build import Wanted, changes
from kubeless.cli.trigger.nats.flags import nats_trigger_name, nats_trigger_options


@click.command(cls=Command)
@nats_trigger_name
@nats_trigger_options(required=False)
def command(name: str, namespace: str | None, dry_run: bool, format_name: str, **wanted: Any) -> None:
    """Change a NATS trigger; what is not given stays as it is."""
    asyncio.run(_update(name, namespace, Wanted(**wanted), format_name if dry_run else None))


async def _update(name: str, namespace: str | None, wanted: Wanted, dry_run: str | None) -> None:
    """`dry_run` is the format to print the object in; None: change it."""
    from kubeless.cli.cluster import connect
    from kubeless.cli.trigger.change import changed_trigger, write_trigger
    from kubeless.cli.trigger.kind import NATS
    from kubeless.cli.trigger.objects import find_trigger, print_dry_run

    wanted.check()
    changes({}, wanted)  # a mistake in it is told before anybody is asked
    async with connect() as client:
        scope = namespace or client.namespace
        current = await find_trigger(client, NATS.resource, name, scope, title=NATS.title)
        changed = changed_trigger(current, changes(current.get("spec") or {}, wanted))
        if dry_run is not None:
            print_dry_run(changed, dry_run)
            return
        await write_trigger(client, NATS, current, changed)
    messages.info(f"NATS trigger {name} updated in namespace {scope} successfully!")
