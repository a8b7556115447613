"""`kubeless stream`."""

import click

from kubeless.cli.commands import CommandPlace, LazyGroup

_COMMANDS = {
    "create": CommandPlace("kubeless.cli.stream.create:command", "Create a stream"),
    "delete": CommandPlace("kubeless.cli.stream.delete:command", "Delete a stream"),
    "list": CommandPlace("kubeless.cli.stream.list:command", "List streams", aliases=("ls",)),
}


@click.command(cls=LazyGroup, places=_COMMANDS)
def group() -> None:
    """Manage streams of NATS JetStream."""
