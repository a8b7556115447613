"""`kubeless trigger cronjob suspend`."""

import asyncio

import click

from kubeless.cli import messages
from kubeless.cli.commands import Command
from kubeless.cli.options import namespace_option
from kubeless.cli.trigger.cronjob.flags import cronjob_trigger_name


@click.command(cls=Command)
@cronjob_trigger_name
@namespace_option
def command(name: str, namespace: str | None) -> None:
    """Make no calls for now; those under way are finished."""
    asyncio.run(_suspend(name, namespace))


async def _suspend(name: str, namespace: str | None) -> None:
    from kubeless.cli.cluster import connect
    from kubeless.cli.trigger.change import wanted_trigger, write_trigger
    from kubeless.cli.trigger.cronjob.kind import CRONJOB

    async with connect() as client:
        scope = namespace or client.namespace
        current, changed = await wanted_trigger(client, CRONJOB, name, scope, {"suspend": True})
        await write_trigger(client, CRONJOB, current, changed)
    messages.info(f"Cronjob trigger {name} suspended in namespace {scope} successfully!")
