"""`kubeless function describe`."""

import asyncio

import click

from kubeless.cli import output
from kubeless.cli.commands import Command
from kubeless.cli.options import function_name, namespace_option, output_option

_CELL_WIDTH = 80


@click.command(cls=Command)
@function_name
@output_option("json", "yaml")
@namespace_option
def command(name: str, format_name: str, namespace: str | None) -> None:
    """Show one function in detail."""
    asyncio.run(_describe(name, format_name, namespace))


async def _describe(name: str, format_name: str, namespace: str | None) -> None:
    from kubeless.api.resource import FUNCTIONS
    from kubeless.cli.cluster import connect
    from kubeless.cli.function.rows import describe_rows

    if format_name not in ("", "json", "yaml"):
        raise output.wrong_format()
    async with connect() as client:
        function = await client.get(FUNCTIONS, name, namespace=namespace or client.namespace)
    match format_name:
        case "json":
            output.write(output.to_json(function, indent=2))
        case "yaml":
            output.write(output.to_yaml(function))
        case _:
            output.write(output.table(describe_rows(function), width=_CELL_WIDTH))
