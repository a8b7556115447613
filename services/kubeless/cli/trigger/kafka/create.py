"""`kubeless trigger kafka create`."""

import asyncio
from typing import Any

import click

from kubeless.cli import messages
from kubeless.cli.commands import Command
from kubeless.cli.failure import Fatal
from kubeless.cli.kafkaadmin import read_topic_name
from kubeless.cli.trigger.kafka.build import new_kafka_trigger, read_selector
from kubeless.cli.trigger.kafka.flags import kafka_trigger_name, kafka_trigger_options
from kubeless.core.jsontypes import JsonObject


@click.command(cls=Command)
@kafka_trigger_name
@kafka_trigger_options(required=True)
def command(name: str, topic: str, selector: str, **flags: Any) -> None:
    """Create a Kafka trigger."""
    asyncio.run(_create(name, read_topic_name(topic), read_selector(selector), flags))


async def _create(name: str, topic: str, selector: JsonObject, flags: dict[str, Any]) -> None:
    from kubeless.api.resource import KAFKA_TRIGGERS
    from kubeless.cli.cluster import connect
    from kubeless.cli.trigger.objects import print_dry_run
    from kubeless.kube.errors import KubeError

    async with connect() as client:
        namespace = flags["namespace"] or client.namespace
        trigger = new_kafka_trigger(name, namespace, topic=topic, selector=selector)
        if flags["dry_run"]:
            print_dry_run(trigger, flags["format_name"])
            return
        try:
            await client.create(KAFKA_TRIGGERS, trigger)
        except KubeError as error:
            raise Fatal(
                f"Failed to create Kafka trigger object {name} in namespace {namespace}. Error: {error}"
            ) from error
    messages.info(f"Kafka trigger {name} created in namespace {namespace} successfully!")
