"""`list`, for kinds of triggers whose events come from a broker."""

import asyncio
from collections.abc import Callable, Sequence

import click

from kubeless.cli import output
from kubeless.cli.commands import Command
from kubeless.cli.options import namespace_option, output_option
from kubeless.cli.trigger.kind import TriggerKind
from kubeless.cli.trigger.selector import selector_text
from kubeless.core.jsontypes import JsonObject

_HEADER = ("NAME", "NAMESPACE", "TOPIC", "FUNCTION SELECTOR")


def list_command(
    kind: TriggerKind, *, wide: Sequence[str], cells: Callable[[JsonObject], Sequence[str]]
) -> click.Command:
    """`wide` are the columns that `-o wide` adds, and `cells` what a trigger has in them."""

    @click.command(cls=Command, help=f"List {kind.title} triggers.")
    @output_option(*output.LIST_FORMATS)
    @namespace_option
    def command(format_name: str, namespace: str | None) -> None:
        output.check_list_format(format_name)
        triggers = asyncio.run(_list(kind, namespace))
        match format_name:
            case "":
                output.write(output.table([_HEADER, *map(_row, triggers)]))
            case "wide":
                rows = ((*_row(trigger), *cells(trigger)) for trigger in triggers)
                output.write(output.table([(*_HEADER, *wide), *rows]))
            case _:
                output.write(output.list_text(triggers, format_name, kind=kind.resource.qualified_name))

    return command


async def _list(kind: TriggerKind, namespace: str | None) -> list[JsonObject]:
    from kubeless.cli.cluster import connect

    async with connect() as client:
        return list((await client.list(kind.resource, namespace=namespace or client.namespace)).items)


def _row(trigger: JsonObject) -> tuple[str, ...]:
    metadata, spec = trigger["metadata"], trigger.get("spec") or {}
    texts = (metadata["name"], metadata.get("namespace"), spec.get("topic"), selector_text(spec))
    return tuple(str(text or "") for text in texts)
