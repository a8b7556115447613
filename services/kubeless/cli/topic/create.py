"""`kubeless topic create`."""

import asyncio
import json

import click

from kubeless.cli import output
from kubeless.cli.commands import Command
from kubeless.cli.kafkaadmin import kafka_namespace_option, read_topic_name
from kubeless.cli.options import cluster_options, name_argument
from kubeless.manage.serviceadmin import KafkaAdmin


@click.command(cls=Command)
@name_argument("topic name")
@click.option(
    "--partitions",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Partitions: the most parallel order.",
)
@click.option(
    "--replication-factor", type=click.IntRange(min=1), default=1, show_default=True, help="Brokers that keep a copy."
)
@kafka_namespace_option
@cluster_options
def command(name: str, partitions: int, replication_factor: int, kafka_namespace: str) -> None:
    """Create a topic."""
    body = {"name": read_topic_name(name), "partitions": partitions, "replicationFactor": replication_factor}
    asyncio.run(_create(json.dumps(body).encode(), kafka_namespace))
    output.write(f'Created topic "{name}".\n')


async def _create(body: bytes, kafka_namespace: str) -> None:
    from kubeless.cli.cluster import connect

    async with connect() as client:
        await KafkaAdmin(client, kafka_namespace).call("POST", "topics", body=body)
