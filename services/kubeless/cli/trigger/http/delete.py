"""`kubeless trigger http delete`."""

import asyncio

import click

from kubeless.cli import messages
from kubeless.cli.commands import Command
from kubeless.cli.options import http_trigger_name, namespace_option


@click.command(cls=Command)
@http_trigger_name
@namespace_option
def command(name: str, namespace: str | None) -> None:
    """Delete an HTTP trigger."""
    asyncio.run(_delete(name, namespace))


async def _delete(name: str, namespace: str | None) -> None:
    from kubeless.api.resource import HTTP_TRIGGERS
    from kubeless.cli.cluster import connect
    from kubeless.cli.trigger.objects import delete_trigger

    async with connect() as client:
        scope = namespace or client.namespace
        await delete_trigger(client, HTTP_TRIGGERS, name, scope, title="HTTP")
    messages.info(f"HTTP trigger {name} deleted from namespace {scope} successfully!")
