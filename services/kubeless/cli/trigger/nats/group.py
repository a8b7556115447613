"""`kubeless trigger nats`."""

import click

from kubeless.cli.commands import CommandPlace, LazyGroup

_COMMANDS = {
    "create": CommandPlace("kubeless.cli.trigger.nats.create:command", "Create a NATS trigger"),
    "list": CommandPlace("kubeless.cli.trigger.nats.list:command", "List NATS triggers", aliases=("ls",)),
    "update": CommandPlace("kubeless.cli.trigger.nats.update:command", "Change a NATS trigger"),
    "delete": CommandPlace("kubeless.cli.trigger.nats.delete:command", "Delete a NATS trigger"),
    "publish": CommandPlace("kubeless.cli.trigger.nats.publish:command", "Publish messages on a subject"),
    "suspend": CommandPlace("kubeless.cli.trigger.nats.suspend:command", "Take in no messages for now"),
    "resume": CommandPlace("kubeless.cli.trigger.nats.resume:command", "Go on where a suspended trigger stopped"),
    "status": CommandPlace("kubeless.cli.trigger.nats.status:command", "Say how a NATS trigger is doing"),
}


@click.command(cls=LazyGroup, places=_COMMANDS)
def group() -> None:
    """Call functions with messages on a NATS subject."""
