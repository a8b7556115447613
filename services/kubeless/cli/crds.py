"""`kubeless crds`: what a cluster needs before the first function, as in `kubeless crds | kubectl apply -f -`."""

import click

from kubeless.cli import output
from kubeless.cli.commands import Command


@click.command(cls=Command)
def command() -> None:
    """Print the custom resource definitions as YAML."""
    from kubeless.api.crds import crds_yaml

    output.write(crds_yaml())
