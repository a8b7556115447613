"""`kubeless function list`."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from kubeless.cli import output
from kubeless.cli.commands import Command
from kubeless.cli.failure import Fatal
from kubeless.cli.livenames import complete_functions
from kubeless.cli.options import namespace_option, output_option
from kubeless.core.jsontypes import JsonObject

if TYPE_CHECKING:
    from kubeless.kube.client import KubeClient


@click.command(cls=Command)
@click.argument("names", nargs=-1, metavar="[NAME]...", shell_complete=complete_functions)
@output_option(*output.LIST_FORMATS)
@namespace_option
def command(names: tuple[str, ...], format_name: str, namespace: str | None) -> None:
    """List functions, all of the namespace or those that are named."""
    asyncio.run(_list(names, format_name, namespace))


async def _list(names: tuple[str, ...], format_name: str, namespace: str | None) -> None:
    from kubeless.cli.cluster import connect

    output.check_list_format(format_name)
    async with connect() as client:
        scope = namespace or client.namespace
        if names:
            functions = [await _named(client, name, scope) for name in names]
        else:
            functions = await _all(client, scope)
        text = await _text(client, functions, format_name, scope)
    output.write(text)


async def _named(client: "KubeClient", name: str, namespace: str) -> JsonObject:
    from kubeless.api.resource import FUNCTIONS
    from kubeless.kube.errors import KubeError

    try:
        return await client.get(FUNCTIONS, name, namespace=namespace)
    except KubeError as error:
        raise Fatal(f"Error listing function {name}: {error}") from error


async def _all(client: "KubeClient", namespace: str) -> list[JsonObject]:
    from kubeless.api.resource import FUNCTIONS

    return (await client.list(FUNCTIONS, namespace=namespace)).items


async def _text(client: "KubeClient", functions: Sequence[JsonObject], format_name: str, namespace: str) -> str:
    from kubeless.api.resource import FUNCTIONS
    from kubeless.cli.function.rows import HEADER, WIDE_HEADER, list_row, wide_row

    if format_name not in ("", "wide"):
        return output.list_text(functions, format_name, kind=FUNCTIONS.qualified_name)
    deployments = await _deployments(client, namespace)
    if format_name == "":
        return output.table([HEADER, *(list_row(each, deployments.get(_name(each))) for each in functions)])
    from kubeless.cli.function.bindings import read_triggers

    triggers = await read_triggers(client, namespace)
    rows = (wide_row(each, deployments.get(_name(each)), triggers.bindings(each)) for each in functions)
    return output.table([WIDE_HEADER, *rows])


def _name(function: JsonObject) -> str:
    return str(function["metadata"]["name"])


async def _deployments(client: "KubeClient", namespace: str) -> dict[str, JsonObject]:
    """By name. One request for all is faster than one per function, even if only one is asked for."""
    from kubeless.kube.resources import DEPLOYMENTS

    found = await client.list(DEPLOYMENTS, namespace=namespace, label_selector="created-by=kubeless")
    return {_name(each): each for each in found.items}
