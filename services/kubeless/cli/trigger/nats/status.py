"""`kubeless trigger nats status`."""

import asyncio

import click

from kubeless.cli import messages, output
from kubeless.cli.commands import Command
from kubeless.cli.options import namespace_option, output_option
from kubeless.cli.trigger.conditions import hint
from kubeless.cli.trigger.nats.flags import nats_trigger_name
from kubeless.cli.trigger.nats.report import status_object, status_rows

_WIDTH = 80


@click.command(cls=Command)
@nats_trigger_name
@output_option("json", "yaml")
@namespace_option
def command(name: str, format_name: str, namespace: str | None) -> None:
    """Say how a NATS trigger is doing: functions, messages that wait, and what is wrong."""
    if format_name not in ("", "json", "yaml"):
        raise output.wrong_format()
    asyncio.run(_status(name, format_name, namespace))


async def _status(name: str, format_name: str, namespace: str | None) -> None:
    from kubeless.api.resource import NATS_TRIGGERS
    from kubeless.cli.cluster import connect
    from kubeless.cli.trigger.objects import find_trigger

    async with connect() as client:
        trigger = await find_trigger(client, NATS_TRIGGERS, name, namespace or client.namespace, title="NATS")
    match format_name:
        case "json":
            output.write(output.to_json(status_object(trigger), indent=2))
        case "yaml":
            output.write(output.to_yaml(status_object(trigger)))
        case _:
            output.write(output.table(status_rows(trigger), width=_WIDTH))
            if text := hint(trigger, title="NATS"):
                messages.warn(text)
