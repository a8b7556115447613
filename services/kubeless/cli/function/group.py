"""`kubeless function`."""

import click

from kubeless.cli.commands import CommandPlace, LazyGroup

_COMMANDS = {
    "deploy": CommandPlace("kubeless.cli.function.deploy:command", "Deploy a function"),
    "list": CommandPlace("kubeless.cli.function.list:command", "List functions", aliases=("ls",)),
    "describe": CommandPlace("kubeless.cli.function.describe:command", "Show one function in detail"),
    "call": CommandPlace("kubeless.cli.function.call:command", "Call a function and print its answer"),
    "update": CommandPlace("kubeless.cli.function.update:command", "Change a function"),
    "delete": CommandPlace("kubeless.cli.function.delete:command", "Delete a function"),
    "logs": CommandPlace("kubeless.cli.function.logs:command", "Print the logs of a function"),
    "top": CommandPlace("kubeless.cli.function.top:command", "Show calls and durations", aliases=("stats",)),
}


@click.command(cls=LazyGroup, places=_COMMANDS)
def group() -> None:
    """Deploy, change, call and watch functions."""
