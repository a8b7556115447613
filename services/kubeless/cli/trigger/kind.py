"""The kinds of triggers whose events come from a broker, for the commands that treat them alike."""

from collections.abc import Callable
from typing import NamedTuple

import click

from kubeless.api.resource import KAFKA_TRIGGERS, NATS_TRIGGERS, Resource
from kubeless.cli.livenames import complete_kafka_triggers, complete_nats_triggers


class TriggerKind(NamedTuple):
    """A kind, and what messages call it."""

    resource: Resource
    title: str
    """Such as `Kafka`."""
    name: str
    """What its name is called if it is missing."""
    complete: Callable[[click.Context, click.Parameter, str], list[str]]


KAFKA = TriggerKind(KAFKA_TRIGGERS, "Kafka", "kafka trigger name", complete_kafka_triggers)
NATS = TriggerKind(NATS_TRIGGERS, "NATS", "NATS trigger name", complete_nats_triggers)
