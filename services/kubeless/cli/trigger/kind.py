"""The kinds of triggers, for the commands that treat them alike."""

from collections.abc import Callable
from typing import NamedTuple

import click

from kubeless.api.resource import CRONJOB_TRIGGERS, HTTP_TRIGGERS, KAFKA_TRIGGERS, NATS_TRIGGERS, Resource
from kubeless.cli.livenames import (
    complete_cronjob_triggers,
    complete_http_triggers,
    complete_kafka_triggers,
    complete_nats_triggers,
)

_OLD_WORDS = {
    ("HTTP", "create"): "Failed to deploy HTTP trigger",
    ("HTTP", "update"): "Failed to update HTTP trigger",
}
"""Failures that do not begin like the others: scripts may look for what the Kubeless of old wrote."""


class TriggerKind(NamedTuple):
    """A kind, and what messages call it."""

    resource: Resource
    title: str
    """Such as `Kafka`."""
    name: str
    """What its name is called if it is missing."""
    complete: Callable[[click.Context, click.Parameter, str], list[str]]

    @property
    def heading(self) -> str:
        """The title at the beginning of a sentence."""
        return self.title[:1].upper() + self.title[1:]

    def failure(self, verb: str, name: str, namespace: str, error: Exception) -> str:
        """The message for something (`create`, `update`, `delete`) that could not be done to a trigger."""
        words = _OLD_WORDS.get((self.title, verb), f"Failed to {verb} {self.title} trigger object")
        return f"{words} {name} in namespace {namespace}. Error: {error}"


HTTP = TriggerKind(HTTP_TRIGGERS, "HTTP", "http trigger name", complete_http_triggers)
CRONJOB = TriggerKind(CRONJOB_TRIGGERS, "cronjob", "cronjob trigger name", complete_cronjob_triggers)
KAFKA = TriggerKind(KAFKA_TRIGGERS, "Kafka", "kafka trigger name", complete_kafka_triggers)
NATS = TriggerKind(NATS_TRIGGERS, "NATS", "NATS trigger name", complete_nats_triggers)
