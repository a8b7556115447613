"""`kubeless get-server-config`."""

import asyncio

import click

from kubeless.cli import messages
from kubeless.cli.commands import Command
from kubeless.cli.options import cluster_options


@click.command(cls=Command)
@cluster_options
def command() -> None:
    """Print the runtimes that the server knows."""
    asyncio.run(_show())


async def _show() -> None:
    from kubeless.cli.cluster import connect
    from kubeless.cli.serverruntimes import server_catalog

    async with connect() as client:
        catalog = await server_catalog(client)
    messages.info("Current Server Config:")
    messages.info(f"Supported Runtimes are: {', '.join(catalog.ids())}")
