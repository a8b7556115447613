"""`kubeless topic`."""

import click

from kubeless.cli.commands import CommandPlace, LazyGroup

_COMMANDS = {
    "create": CommandPlace("kubeless.cli.topic.create:command", "Create a topic"),
    "delete": CommandPlace("kubeless.cli.topic.delete:command", "Delete a topic"),
    "list": CommandPlace("kubeless.cli.topic.list:command", "List topics", aliases=("ls",)),
    "publish": CommandPlace("kubeless.cli.topic.publish:command", "Publish messages to a topic"),
}


@click.command(cls=LazyGroup, places=_COMMANDS)
def group() -> None:
    """Manage topics of Kafka, and publish to them."""
