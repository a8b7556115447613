"""`status`, for every kind of trigger that has one."""

import asyncio
from collections.abc import Callable

import click

from kubeless.cli import messages, output
from kubeless.cli.commands import Command
from kubeless.cli.options import name_argument, namespace_option, output_option
from kubeless.cli.trigger.conditions import hint
from kubeless.cli.trigger.kind import TriggerKind
from kubeless.core.jsontypes import JsonObject

_WIDTH = 80


def status_command(
    kind: TriggerKind,
    text: str,
    *,
    report: Callable[[JsonObject], JsonObject],
    rows: Callable[[JsonObject], list[tuple[str, str]]],
) -> click.Command:
    """`text` is the help; `report` is for programs, `rows` for people."""

    @click.command(cls=Command, help=text)
    @name_argument(kind.name, complete=kind.complete)
    @output_option("json", "yaml")
    @namespace_option
    def command(name: str, format_name: str, namespace: str | None) -> None:
        if format_name not in ("", "json", "yaml"):
            raise output.wrong_format()
        trigger = asyncio.run(_find(kind, name, namespace))
        match format_name:
            case "json":
                output.write(output.to_json(report(trigger), indent=2))
            case "yaml":
                output.write(output.to_yaml(report(trigger)))
            case _:
                output.write(output.table(rows(trigger), width=_WIDTH))
                if advice := hint(trigger, title=kind.title):
                    messages.warn(advice)

    return command


async def _find(kind: TriggerKind, name: str, namespace: str | None) -> JsonObject:
    from kubeless.cli.cluster import connect
    from kubeless.cli.trigger.objects import find_trigger

    async with connect() as client:
        return await find_trigger(client, kind.resource, name, namespace or client.namespace, title=kind.title)
