"""`kubeless deadletter`."""

import click

from kubeless.cli.commands import CommandPlace, LazyGroup

_COMMANDS = {
    "list": CommandPlace("kubeless.cli.deadletter.list:command", "List events that could not be delivered", ("ls",)),
    "show": CommandPlace("kubeless.cli.deadletter.show:command", "Print one of them with headers and body"),
    "redrive": CommandPlace("kubeless.cli.deadletter.redrive:command", "Deliver them again"),
    "purge": CommandPlace("kubeless.cli.deadletter.purge:command", "Delete them"),
}


@click.command(cls=LazyGroup, places=_COMMANDS)
def group() -> None:
    """See and repeat events that failed."""
