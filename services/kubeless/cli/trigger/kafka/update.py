"""`kubeless trigger kafka update`: what is not given, or empty, stays as it is."""

import asyncio
from typing import Any

import click

from kubeless.cli import messages
from kubeless.cli.commands import Command
from kubeless.cli.kafkaadmin import read_topic_name
from kubeless.cli.trigger.kafka.build import read_selector
from kubeless.cli.trigger.kafka.flags import kafka_trigger_name, kafka_trigger_options


@click.command(cls=Command)
@kafka_trigger_name
@kafka_trigger_options(required=False)
def command(name: str, topic: str | None, selector: str | None, **flags: Any) -> None:
    """Change a Kafka trigger; what is not given stays as it is."""
    changes = {
        "topic": read_topic_name(topic) if topic else None,
        "functionSelector": read_selector(selector) if selector else None,
    }
    asyncio.run(_update(name, changes, flags))


async def _update(name: str, changes: dict[str, Any], flags: dict[str, Any]) -> None:
    from kubeless.cli.cluster import connect
    from kubeless.cli.trigger.change import wanted_trigger, write_trigger
    from kubeless.cli.trigger.kind import KAFKA
    from kubeless.cli.trigger.objects import print_dry_run

    async with connect() as client:
        namespace = flags["namespace"] or client.namespace
        current, changed = await wanted_trigger(client, KAFKA, name, namespace, changes)
        if flags["dry_run"]:
            print_dry_run(changed, flags["format_name"])
            return
        await write_trigger(client, KAFKA, current, changed)
    messages.info(f"Kafka trigger {name} updated in namespace {namespace} successfully!")
