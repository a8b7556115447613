"""`kubeless stream list`."""

import asyncio

import click

from kubeless.cli import output
from kubeless.cli.commands import Command
from kubeless.cli.natsadmin import nats_namespace_option
from kubeless.cli.options import cluster_options, output_option
from kubeless.core.jsontypes import JsonObject
from kubeless.manage.serviceadmin import NatsAdmin

_HEADER = ("NAME", "SUBJECTS", "MESSAGES", "BYTES", "REPLICAS")


@click.command(cls=Command)
@output_option("json", "yaml")
@nats_namespace_option
@cluster_options
def command(format_name: str, nats_namespace: str) -> None:
    """List streams, with what they store."""
    if format_name not in ("", "json", "yaml"):
        raise output.wrong_format()
    output.write(_text(asyncio.run(_list(nats_namespace)), format_name))


async def _list(nats_namespace: str) -> list[JsonObject]:
    from kubeless.cli.cluster import connect

    async with connect() as client:
        return await NatsAdmin(client, nats_namespace).call("GET", "streams")


def _text(streams: list[JsonObject], format_name: str) -> str:
    match format_name:
        case "json":
            return output.to_json(streams, indent=2)
        case "yaml":
            return output.to_yaml(streams)
    return output.table([_HEADER, *(_row(stream) for stream in streams)])


def _row(stream: JsonObject) -> list[str]:
    numbers = [str(stream.get(name, 0)) for name in ("messages", "bytes", "replicas")]
    return [stream["name"], ", ".join(stream.get("subjects") or ()), *numbers]
