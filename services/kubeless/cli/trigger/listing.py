"""`list`, for every kind of trigger."""

import asyncio
from collections.abc import Callable, Sequence
from typing import NamedTuple

import click

from kubeless.cli import output
from kubeless.cli.commands import Command
from kubeless.cli.options import namespace_option, output_option
from kubeless.cli.trigger.kind import TriggerKind
from kubeless.cli.trigger.selector import selector_text
from kubeless.core.jsontypes import JsonObject


class Columns(NamedTuple):
    """Some columns of a table of triggers."""

    header: Sequence[str]
    cells: Callable[[JsonObject], Sequence[object]]
    """What a trigger has in them; None and "" are the same."""


def _broker_cells(trigger: JsonObject) -> tuple[object, ...]:
    spec = trigger.get("spec") or {}
    return spec.get("topic"), selector_text(spec)


BROKER = Columns(("TOPIC", "FUNCTION SELECTOR"), _broker_cells)
"""Those of triggers whose events come from a broker."""


def list_command(kind: TriggerKind, columns: Columns, *, wide: Columns) -> click.Command:
    """`columns` follow name and namespace; `wide` are those that `-o wide` adds."""

    @click.command(cls=Command, help=f"List {kind.title} triggers.")
    @output_option(*output.LIST_FORMATS)
    @namespace_option
    def command(format_name: str, namespace: str | None) -> None:
        output.check_list_format(format_name)
        triggers = asyncio.run(_list(kind, namespace))
        match format_name:
            case "":
                output.write(_table(triggers, columns))
            case "wide":
                output.write(_table(triggers, columns, wide))
            case _:
                output.write(output.list_text(triggers, format_name, kind=kind.resource.qualified_name))

    return command


async def _list(kind: TriggerKind, namespace: str | None) -> list[JsonObject]:
    from kubeless.cli.cluster import connect

    async with connect() as client:
        return list((await client.list(kind.resource, namespace=namespace or client.namespace)).items)


def _table(triggers: Sequence[JsonObject], *parts: Columns) -> str:
    header = ["NAME", "NAMESPACE", *(name for part in parts for name in part.header)]
    return output.table([header, *(_row(trigger, parts) for trigger in triggers)])


def _row(trigger: JsonObject, parts: Sequence[Columns]) -> list[str]:
    metadata = trigger["metadata"]
    cells = [metadata["name"], metadata.get("namespace"), *(cell for part in parts for cell in part.cells(trigger))]
    return ["" if cell is None else str(cell) for cell in cells]
