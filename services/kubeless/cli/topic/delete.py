"""`kubeless topic delete`."""

import asyncio

import click

from kubeless.cli import output
from kubeless.cli.commands import Command
from kubeless.cli.kafkaadmin import kafka_namespace_option, read_topic_name
from kubeless.cli.options import cluster_options, name_argument
from kubeless.manage.serviceadmin import KafkaAdmin


@click.command(cls=Command)
@name_argument("topic name")
@kafka_namespace_option
@cluster_options
def command(name: str, kafka_namespace: str) -> None:
    """Delete a topic and all its messages."""
    asyncio.run(_delete(read_topic_name(name), kafka_namespace))
    output.write(f'Deleted topic "{name}".\n')


async def _delete(name: str, kafka_namespace: str) -> None:
    from kubeless.cli.cluster import connect

    async with connect() as client:
        await KafkaAdmin(client, kafka_namespace).call("DELETE", f"topics/{name}")
