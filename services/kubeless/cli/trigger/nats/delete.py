"""`kubeless trigger nats delete`."""

import asyncio

import click

from kubeless.cli import messages
from kubeless.cli.commands import Command
from kubeless.cli.options import namespace_option
from kubeless.cli.trigger.nats.flags import nats_trigger_name


@click.command(cls=Command)
@nats_trigger_name
@namespace_option
def command(name: str, namespace: str | None) -> None:
    """Delete a NATS trigger."""
    asyncio.run(_delete(name, namespace))


async def _delete(name: str, namespace: str | None) -> None:
    from kubeless.api.resource import NATS_TRIGGERS
    from kubeless.cli.cluster import connect
    from kubeless.cli.trigger.objects import delete_trigger

    async with connect() as client:
        scope = namespace or client.namespace
        await delete_trigger(client, NATS_TRIGGERS, name, scope, title="NATS")
    messages.info(f"NATS trigger {name} deleted from namespace {scope} successfully!")
