"""`kubeless autoscale`."""

import click

from kubeless.cli.commands import CommandPlace, LazyGroup

_COMMANDS = {
    "create": CommandPlace("kubeless.cli.autoscale.create:command", "Scale a function by its load"),
    "list": CommandPlace("kubeless.cli.autoscale.list:command", "List autoscaling rules", aliases=("ls",)),
    "delete": CommandPlace("kubeless.cli.autoscale.delete:command", "Stop scaling a function"),
}


@click.command(cls=LazyGroup, places=_COMMANDS)
def group() -> None:
    """Scale functions by their load."""
