"""`kubeless trigger http`."""

import click

from kubeless.cli.commands import CommandPlace, LazyGroup

_COMMANDS = {
    "create": CommandPlace("kubeless.cli.trigger.http.create:command", "Create an HTTP trigger"),
    "list": CommandPlace("kubeless.cli.trigger.http.list:command", "List HTTP triggers", aliases=("ls",)),
    "update": CommandPlace("kubeless.cli.trigger.http.update:command", "Change an HTTP trigger"),
    "delete": CommandPlace("kubeless.cli.trigger.http.delete:command", "Delete an HTTP trigger"),
    "suspend": CommandPlace("kubeless.cli.trigger.http.suspend:command", "Take in no requests for now"),
    "resume": CommandPlace("kubeless.cli.trigger.http.resume:command", "Take in requests again"),
    "status": CommandPlace("kubeless.cli.trigger.http.status:command", "Say how an HTTP trigger is doing"),
}


@click.command(cls=LazyGroup, places=_COMMANDS)
def group() -> None:
    """Call functions at a host and a path."""
