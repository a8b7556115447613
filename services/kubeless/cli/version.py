"""`kubeless version`."""

import click

from kubeless.cli.commands import Command


@click.command(cls=Command)
def command() -> None:
    """Print the version."""
    from importlib.metadata import version

    click.echo(f"Kubeless version: {version('kubeless')}")
