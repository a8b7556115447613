"""`kubeless help function deploy`, the same as `kubeless function deploy --help`."""

import click

from kubeless.cli.commands import Command


@click.command(cls=Command)
@click.argument("path", nargs=-1, metavar="[COMMAND]...")
@click.pass_context
def command(context: click.Context, path: tuple[str, ...]) -> None:
    """Print the help of a command."""
    current = context.find_root()
    for name in path:
        group = current.command
        found = group.get_command(current, name) if isinstance(group, click.Group) else None
        if found is None:
            known = group.list_commands(current) if isinstance(group, click.Group) else []
            raise click.NoSuchCommand(name, possibilities=known, ctx=current)
        current = click.Context(found, info_name=name, parent=current)
    click.echo(current.get_help(), color=current.color)
