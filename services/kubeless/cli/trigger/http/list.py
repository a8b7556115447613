"""`kubeless trigger http list`."""

import asyncio

import click

from kubeless.cli import output
from kubeless.cli.commands import Command
from kubeless.cli.options import namespace_option, output_option
from kubeless.core.jsontypes import JsonObject

_HEADER = ("NAME", "NAMESPACE", "FUNCTION NAME")
_WIDE_HEADER = (*_HEADER, "HOST", "PATH", "GATEWAY", "TLS")


@click.command(cls=Command)
@output_option(*output.LIST_FORMATS)
@namespace_option
def command(format_name: str, namespace: str | None) -> None:
    """List HTTP triggers."""
    asyncio.run(_list(format_name, namespace))


async def _list(format_name: str, namespace: str | None) -> None:
    from kubeless.api.resource import HTTP_TRIGGERS
    from kubeless.cli.cluster import connect

    output.check_list_format(format_name)
    async with connect() as client:
        triggers = (await client.list(HTTP_TRIGGERS, namespace=namespace or client.namespace)).items
    if format_name in ("", "wide"):
        output.write(_table(triggers, wide=format_name == "wide"))
    else:
        output.write(output.list_text(triggers, format_name, kind=HTTP_TRIGGERS.qualified_name))


def _table(triggers: list[JsonObject], *, wide: bool) -> str:
    columns = len(_WIDE_HEADER if wide else _HEADER)
    return output.table(row[:columns] for row in (_WIDE_HEADER, *map(_row, triggers)))


def _row(trigger: JsonObject) -> tuple[str, ...]:
    metadata, spec = trigger["metadata"], trigger.get("spec") or {}
    tls = "ACME" if spec.get("tls") else str(spec.get("tls-secret") or "")
    texts = (metadata["name"], metadata.get("namespace"), spec.get("function-name"), spec.get("host-name"))
    return (*(str(text or "") for text in texts), f"/{spec.get('path') or ''}", str(spec.get("gateway") or ""), tls)
