"""`kubeless trigger kafka delete`."""

import asyncio

import click

from kubeless.cli import messages
from kubeless.cli.commands import Command
from kubeless.cli.livenames import complete_kafka_triggers
from kubeless.cli.options import name_argument, namespace_option


@click.command(cls=Command)
@name_argument("Kafka trigger name", complete=complete_kafka_triggers)
@namespace_option
def command(name: str, namespace: str | None) -> None:
    """Delete a Kafka trigger."""
    asyncio.run(_delete(name, namespace))


async def _delete(name: str, namespace: str | None) -> None:
    from kubeless.api.resource import KAFKA_TRIGGERS
    from kubeless.cli.cluster import connect
    from kubeless.cli.trigger.objects import delete_trigger

    async with connect() as client:
        scope = namespace or client.namespace
        await delete_trigger(client, KAFKA_TRIGGERS, name, scope, title="Kafka")
    messages.info(f"Kafka trigger {name} deleted from namespace {scope} successfully!")
