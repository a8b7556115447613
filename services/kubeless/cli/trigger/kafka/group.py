"""`kubeless trigger kafka`."""

import click

from kubeless.cli.commands import CommandPlace, LazyGroup

_COMMANDS = {
    "create": CommandPlace("kubeless.cli.trigger.kafka.create:command", "Create a Kafka trigger"),
    "list": CommandPlace("kubeless.cli.trigger.kafka.list:command", "List Kafka triggers", aliases=("ls",)),
    "update": CommandPlace("kubeless.cli.trigger.kafka.update:command", "Change a Kafka trigger"),
    "delete": CommandPlace("kubeless.cli.trigger.kafka.delete:command", "Delete a Kafka trigger"),
    "suspend": CommandPlace("kubeless.cli.trigger.kafka.suspend:command", "Take in no messages for now"),
    "resume": CommandPlace("kubeless.cli.trigger.kafka.resume:command", "Go on where a suspended trigger stopped"),
    "status": CommandPlace("kubeless.cli.trigger.kafka.status:command", "Say how a Kafka trigger is doing"),
}


@click.command(cls=LazyGroup, places=_COMMANDS)
def group() -> None:
    """Call functions with records of a Kafka topic."""
