"""`kubeless trigger cronjob status`."""

import asyncio
import time

import click

from kubeless.cli import messages, output
from kubeless.cli.commands import Command
from kubeless.cli.options import namespace_option, output_option
from kubeless.cli.trigger.conditions import hint
from kubeless.cli.trigger.cronjob.flags import cronjob_trigger_name
from kubeless.cli.trigger.cronjob.report import status_object, status_rows

_WIDTH = 80


@click.command(cls=Command)
@cronjob_trigger_name
@output_option("json", "yaml")
@namespace_option
def command(name: str, format_name: str, namespace: str | None) -> None:
    """Say how a cronjob trigger is doing: its next and last times, and what is wrong."""
    if format_name not in ("", "json", "yaml"):
        raise output.wrong_format()
    asyncio.run(_status(name, format_name, namespace))


async def _status(name: str, format_name: str, namespace: str | None) -> None:
    from kubeless.cli.cluster import connect
    from kubeless.cli.trigger.cronjob.kind import CRONJOB
    from kubeless.cli.trigger.objects import find_trigger

    async with connect() as client:
        scope = namespace or client.namespace
        trigger = await find_trigger(client, CRONJOB.resource, name, scope, title=CRONJOB.title)
    now = time.time()
    match format_name:
        case "json":
            output.write(output.to_json(status_object(trigger, now=now), indent=2))
        case "yaml":
            output.write(output.to_yaml(status_object(trigger, now=now)))
        case _:
            output.write(output.table(status_rows(trigger, now=now), width=_WIDTH))
            if text := hint(trigger, title=CRONJOB.title):
                messages.warn(text)
