"""`kubeless trigger kafka resume`."""

import asyncio

import click

from kubeless.cli import messages
from kubeless.cli.commands import Command
from kubeless.cli.options import namespace_option
from kubeless.cli.trigger.kafka.flags import kafka_trigger_name


@click.command(cls=Command)
@kafka_trigger_name
@namespace_option
def command(name: str, namespace: str | None) -> None:
    """Go on where a suspended trigger stopped."""
    asyncio.run(_resume(name, namespace))


async def _resume(name: str, namespace: str | None) -> None:
    from kubeless.cli.cluster import connect
    from kubeless.cli.trigger.kafka.change import wanted_trigger, write_trigger

    async with connect() as client:
        scope = namespace or client.namespace
        await write_trigger(client, *await wanted_trigger(client, name, scope, suspend=False))
    messages.info(f"Kafka trigger {name} resumed in namespace {scope} successfully!")
