"""`kubeless trigger`."""

import click

from kubeless.cli.commands import CommandPlace, LazyGroup

_COMMANDS = {
    "cronjob": CommandPlace("kubeless.cli.trigger.cronjob.group:group", "Call functions at set times"),
    "http": CommandPlace("kubeless.cli.trigger.http.group:group", "Call functions at a host and a path"),
    "kafka": CommandPlace("kubeless.cli.trigger.kafka.group:group", "Call functions with records of a Kafka topic"),
    "kinesis": CommandPlace("kubeless.cli.trigger.kinesis:group", "Not supported; says what to use"),
    "nats": CommandPlace("kubeless.cli.trigger.nats.group:group", "Call functions with messages on a NATS subject"),
}


@click.command(cls=LazyGroup, places=_COMMANDS)
def group() -> None:
    """Bind events to functions."""
