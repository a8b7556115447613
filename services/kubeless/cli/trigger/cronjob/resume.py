"""`kubeless trigger cronjob resume`."""

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
    """Make calls again, from now on: times that have passed meanwhile are not made up for."""
    asyncio.run(_resume(name, namespace))


async def _resume(name: str, namespace: str | None) -> None:
    from kubeless.cli.cluster import connect
    from kubeless.cli.trigger.change import wanted_trigger, write_trigger
    from kubeless.cli.trigger.cronjob.kind import CRONJOB

    async with connect() as client:
        scope = namespace or client.namespace
        current, changed = await wanted_trigger(client, CRONJOB, name, scope, {"suspend": False})
        await write_trigger(client, CRONJOB, current, changed)
    messages.info(f"Cronjob trigger {name} resumed in namespace {scope} successfully!")
