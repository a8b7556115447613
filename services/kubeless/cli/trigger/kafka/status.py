"""`kubeless trigger kafka status`."""

import asyncio

import click

from kubeless.cli import messages, output
from kubeless.cli.commands import Command
from kubeless.cli.options import namespace_option, output_option
from kubeless.cli.trigger.conditions import hint
from kubeless.cli.trigger.kafka.flags import kafka_trigger_name
from kubeless.cli.trigger.kafka.report import status_object, status_rows

_WIDTH = 80


@click.command(cls=Command)
@kafka_trigger_name
@output_option("json", "yaml")
@namespace_option
def command(name: str, format_name: str, namespace: str | None) -> None:
    """Say how a Kafka trigger is doing: functions, partitions, lag, and what is wrong."""
    if format_name not in ("", "json", "yaml"):
        raise output.wrong_format()
    asyncio.run(_status(name, format_name, namespace))


async def _status(name: str, format_name: str, namespace: str | None) -> None:
    from kubeless.api.resource import KAFKA_TRIGGERS
    from kubeless.cli.cluster import connect
    from kubeless.cli.trigger.objects import find_trigger

    async with connect() as client:
        trigger = await find_trigger(client, KAFKA_TRIGGERS, name, namespace or client.namespace, title="Kafka")
    match format_name:
        case "json":
            output.write(output.to_json(status_object(trigger), indent=2))
        case "yaml":
            output.write(output.to_yaml(status_object(trigger)))
        case _:
            output.write(output.table(status_rows(trigger), width=_WIDTH))
            if text := hint(trigger, title="Kafka"):
                messages.warn(text)
