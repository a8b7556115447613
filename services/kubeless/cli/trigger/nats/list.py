"""`kubeless trigger nats list`."""

import asyncio

import click

from kubeless.cli import output
from kubeless.cli.commands import Command
from kubeless.cli.options import namespace_option, output_option
from kubeless.cli.trigger.conditions import ready_word
from kubeless.cli.trigger.selector import selector_text
from kubeless.core.jsontypes import JsonObject

_HEADER = ("NAME", "NAMESPACE", "TOPIC", "FUNCTION SELECTOR")
_WIDE_HEADER = (*_HEADER, "STREAM", "READY", "PENDING")


@click.command(cls=Command)
@output_option(*output.LIST_FORMATS)
@namespace_option
def command(format_name: str, namespace: str | None) -> None:
    """List NATS triggers."""
    asyncio.run(_list(format_name, namespace))


async def _list(format_name: str, namespace: str | None) -> None:
    from kubeless.api.resource import NATS_TRIGGERS
    from kubeless.cli.cluster import connect

    output.check_list_format(format_name)
    async with connect() as client:
        triggers = (await client.list(NATS_TRIGGERS, namespace=namespace or client.namespace)).items
    if format_name in ("", "wide"):
        columns = len(_WIDE_HEADER if format_name == "wide" else _HEADER)
        output.write(output.table(row[:columns] for row in (_WIDE_HEADER, *map(_row, triggers))))
    else:
        output.write(output.list_text(triggers, format_name, kind=NATS_TRIGGERS.qualified_name))


def _row(trigger: JsonObject) -> tuple[str, ...]:
    metadata, spec, status = trigger["metadata"], trigger.get("spec") or {}, trigger.get("status") or {}
    texts = (metadata["name"], metadata.get("namespace"), spec.get("topic"), selector_text(spec), spec.get("stream"))
    return (*(str(text or "") for text in texts), ready_word(trigger), str(status.get("pending", "")))
