"""`kubeless autoscale delete`."""

import asyncio

import click

from kubeless.cli import messages
from kubeless.cli.autoscale.rule import has_rule
from kubeless.cli.commands import Command
from kubeless.cli.failure import Fatal
from kubeless.cli.livenames import complete_functions
from kubeless.cli.options import name_argument, namespace_option


@click.command(cls=Command)
@name_argument("autoscale name", complete=complete_functions)
@namespace_option
def command(name: str, namespace: str | None) -> None:
    """Stop scaling a function; it keeps the pods that it has."""
    asyncio.run(_delete(name, namespace))


async def _delete(name: str, namespace: str | None) -> None:
    from kubeless.cli.autoscale.change import find_function, write_autoscaler
    from kubeless.cli.cluster import connect

    async with connect() as client:
        function = await find_function(client, name, namespace or client.namespace)
        if not has_rule(function):
            raise Fatal(f"Not found an autoscale definition for {name}")
        messages.info("Removing autoscaling rule from the function...")
        await write_autoscaler(client, function, None)
    messages.info(f"Remove Autoscaling rule from {name} successfully")
