"""`kubeless trigger cronjob`."""

import click

from kubeless.cli.commands import CommandPlace, LazyGroup

_COMMANDS = {
    "create": CommandPlace("kubeless.cli.trigger.cronjob.create:command", "Create a cronjob trigger"),
    "list": CommandPlace("kubeless.cli.trigger.cronjob.list:command", "List cronjob triggers", aliases=("ls",)),
    "update": CommandPlace("kubeless.cli.trigger.cronjob.update:command", "Change a cronjob trigger"),
    "delete": CommandPlace("kubeless.cli.trigger.cronjob.delete:command", "Delete a cronjob trigger"),
    "suspend": CommandPlace("kubeless.cli.trigger.cronjob.suspend:command", "Make no calls for now"),
    "resume": CommandPlace("kubeless.cli.trigger.cronjob.resume:command", "Make calls again from now on"),
    "status": CommandPlace("kubeless.cli.trigger.cronjob.status:command", "Say how a cronjob trigger is doing"),
    "fire": CommandPlace("kubeless.cli.trigger.cronjob.fire:command", "Call the functions of a cronjob trigger now"),
}


@click.command(cls=LazyGroup, places=_COMMANDS)
def group() -> None:
    """Call functions at set times."""
