"""`kubeless function delete`."""

import asyncio

import click

from kubeless.cli.commands import Command
from kubeless.cli.options import function_name, namespace_option


@click.command(cls=Command)
@function_name
@namespace_option
def command(name: str, namespace: str | None) -> None:
    """Delete a function and all that was made for it."""
    asyncio.run(_delete(name, namespace))


async def _delete(name: str, namespace: str | None) -> None:
    from kubeless.api.resource import FUNCTIONS
    from kubeless.cli.cluster import connect

    async with connect() as client:
        await client.delete(FUNCTIONS, name, namespace=namespace or client.namespace)
