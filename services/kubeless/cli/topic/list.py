"""`kubeless topic list`."""

import asyncio

import click

from kubeless.cli import output
from kubeless.cli.commands import Command
from kubeless.cli.kafkaadmin import kafka_namespace_option
from kubeless.cli.options import cluster_options, output_option
from kubeless.core.jsontypes import JsonObject
from kubeless.manage.serviceadmin import KafkaAdmin

_HEADER = ("NAME", "PARTITIONS", "REPLICATION FACTOR")


@click.command(cls=Command)
@output_option("wide", "json", "yaml")
@kafka_namespace_option
@cluster_options
def command(format_name: str, kafka_namespace: str) -> None:
    """List topics, one a line."""
    if format_name not in ("", "wide", "json", "yaml"):
        raise output.wrong_format()
    output.write(_text(asyncio.run(_list(kafka_namespace)), format_name))


async def _list(kafka_namespace: str) -> list[JsonObject]:
    from kubeless.cli.cluster import connect

    async with connect() as client:
        return await KafkaAdmin(client, kafka_namespace).call("GET", "topics")


def _text(topics: list[JsonObject], format_name: str) -> str:
    match format_name:
        case "json":
            return output.to_json(topics, indent=2)
        case "yaml":
            return output.to_yaml(topics)
        case "wide":
            names = ("name", "partitions", "replicationFactor")
            return output.table([_HEADER, *([str(topic.get(name, "")) for name in names] for topic in topics)])
    return "".join(f"{topic['name']}\n" for topic in topics)
