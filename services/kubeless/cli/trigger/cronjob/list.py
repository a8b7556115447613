"""`kubeless trigger cronjob list`."""

import asyncio
import time

import click

from kubeless.cli import output
from kubeless.cli.commands import Command
from kubeless.cli.options import namespace_option, output_option
from kubeless.cli.trigger.conditions import ready_word
from kubeless.cli.trigger.cronjob.report import function_text, next_times
from kubeless.core.jsontypes import JsonObject

_HEADER = ("NAME", "NAMESPACE", "SCHEDULE", "FUNCTION NAME", "NEXT")
"""Those before NEXT are what scripts know."""
_WIDE_HEADER = (*_HEADER, "LAST", "TIME ZONE", "READY")


@click.command(cls=Command)
@output_option(*output.LIST_FORMATS)
@namespace_option
def command(format_name: str, namespace: str | None) -> None:
    """List cronjob triggers, and when they are due next."""
    asyncio.run(_list(format_name, namespace))


async def _list(format_name: str, namespace: str | None) -> None:
    from kubeless.api.resource import CRONJOB_TRIGGERS
    from kubeless.cli.cluster import connect

    output.check_list_format(format_name)
    async with connect() as client:
        triggers = (await client.list(CRONJOB_TRIGGERS, namespace=namespace or client.namespace)).items
    if format_name in ("", "wide"):
        output.write(_table(triggers, wide=format_name == "wide"))
    else:
        output.write(output.list_text(triggers, format_name, kind=CRONJOB_TRIGGERS.qualified_name))


def _table(triggers: list[JsonObject], *, wide: bool) -> str:
    columns = len(_WIDE_HEADER if wide else _HEADER)
    return output.table(row[:columns] for row in (_WIDE_HEADER, *map(_row, triggers)))


def _row(trigger: JsonObject) -> tuple[str, ...]:
    metadata, spec, status = trigger["metadata"], trigger.get("spec") or {}, trigger.get("status") or {}
    times = next_times(trigger, now=time.time(), count=1)
    texts = (
        metadata["name"],
        metadata.get("namespace"),
        spec.get("schedule"),
        function_text(spec),
        times[0] if times else "suspended" if spec.get("suspend") else "never",
        status.get("lastScheduleTime"),
        spec.get("timeZone") or "UTC",
        ready_word(trigger),
    )
    return tuple(str(text or "") for text in texts)
