"""`kubeless trigger cronjob delete`."""

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
    """Delete a cronjob trigger."""
    asyncio.run(_delete(name, namespace))


async def _delete(name: str, namespace: str | None) -> None:
    from kubeless.cli.cluster import connect
    from kubeless.cli.trigger.cronjob.kind import CRONJOB
    from kubeless.cli.trigger.objects import delete_trigger

    async with connect() as client:
        scope = namespace or client.namespace
        await delete_trigger(client, CRONJOB.resource, name, scope, title=CRONJOB.title)
    messages.info(f"Cronjob trigger {name} deleted from namespace {scope} successfully!")
