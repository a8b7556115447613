"""`kubeless stream delete`."""

import asyncio
from urllib.parse import quote

import click

from kubeless.cli import output
from kubeless.cli.commands import Command
from kubeless.cli.natsadmin import nats_namespace_option
from kubeless.cli.options import cluster_options, name_argument
from kubeless.manage.natsnames import check_stream
from kubeless.manage.serviceadmin import NatsAdmin


@click.command(cls=Command)
@name_argument("stream name")
@nats_namespace_option
@cluster_options
def command(name: str, nats_namespace: str) -> None:
    """Delete a stream and all its messages."""
    asyncio.run(_delete(check_stream(name), nats_namespace))
    output.write(f'Deleted stream "{name}".\n')


async def _delete(name: str, nats_namespace: str) -> None:
    from kubeless.cli.cluster import connect

    async with connect() as client:
        await NatsAdmin(client, nats_namespace).call("DELETE", f"streams/{quote(name, safe='')}")
