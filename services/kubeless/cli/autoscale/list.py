"""`kubeless autoscale list`."""

import asyncio

import click

from kubeless.cli import output
from kubeless.cli.autoscale.rule import HEADER, row
from kubeless.cli.commands import Command
from kubeless.cli.options import namespace_option, output_option
from kubeless.core.jsontypes import JsonObject


@click.command(cls=Command)
@output_option("json", "yaml", "name")
@namespace_option
def command(format_name: str, namespace: str | None) -> None:
    """List the autoscaling rules that are in force."""
    output.check_list_format(format_name)
    rules = asyncio.run(_list(namespace))
    if format_name in ("", "wide"):
        output.write(output.table([HEADER, *map(row, rules)]))
    else:
        output.write(output.list_text(rules, format_name, kind="horizontalpodautoscalers.autoscaling"))


async def _list(namespace: str | None) -> list[JsonObject]:
    from kubeless.cli.cluster import connect
    from kubeless.kube.resources import HPAS

    async with connect() as client:
        scope = namespace or client.namespace
        return list((await client.list(HPAS, namespace=scope, label_selector="created-by=kubeless")).items)
