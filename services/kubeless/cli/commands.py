"""
Commands that are imported only when they run.

A command must answer at once, and most of what the commands need is slow to import. So a group knows its commands by
name, place and help line; `kubeless --help` imports none of them. The other classes here keep what scripts know from
the Kubeless of old: `--flag=true` and `--flag=false` for switches, and all missing flags named in one message.
"""

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, NamedTuple

import click

CONTEXT_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 110}

_SWITCH_VALUES = {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False}


class CommandPlace(NamedTuple):
    """Where a command is defined, and what the help of its group says about it."""

    where: str
    """`package.module:object`."""
    help: str
    aliases: tuple[str, ...] = ()
    """Other names it answers to, which the help mentions beside its own."""


class LazyGroup(click.Group):
    """A group whose commands are imported on first use. Without a command it prints its help."""

    def __init__(self, *args: Any, places: Mapping[str, CommandPlace], **kwargs: Any) -> None:
        kwargs.setdefault("context_settings", CONTEXT_SETTINGS)
        super().__init__(*args, **kwargs)
        self._places = dict(places)
        self._names = {alias: name for name, place in places.items() for alias in (name, *place.aliases)}

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """A bare group is a question, not a mistake: its help goes to stdout and the exit code is 0."""
        if not args and not ctx.resilient_parsing:
            click.echo(ctx.get_help(), color=ctx.color)
            ctx.exit()
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(self._places)

    def aliases_of(self, name: str) -> tuple[str, ...]:
        """The other names that a command answers to."""
        return self._places[name].aliases

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        name = self._names.get(cmd_name)
        if name is None:
            return None
        module, _, attribute = self._places[name].where.partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.NoSuchCommand as error:  # click looks for similar names among commands that are imported
            raise click.NoSuchCommand(error.command_name, possibilities=self._names, ctx=ctx) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        rows = [(", ".join((name, *place.aliases)), place.help) for name, place in self._places.items()]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


class Command(click.Command):
    """A command that reads its flags as the Kubeless of old did."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["context_settings"] = CONTEXT_SETTINGS | (kwargs.get("context_settings") or {})
        super().__init__(*args, **kwargs)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        args = spell_switches(args, self.params)
        given = list(args)
        try:
            return super().parse_args(ctx, args)
        except click.MissingParameter as error:
            if not isinstance(error.param, click.Option):
                raise
            raise click.UsageError(self._missing(ctx, given), ctx) from None

    def _missing(self, ctx: click.Context, args: list[str]) -> str:
        given, _, _ = self.make_parser(ctx).parse_args(args)
        missing = [f'"{long_name(option)}"' for option in self.params if option.required and option.name not in given]
        return f"required flag(s) {', '.join(missing)} not set"


def long_name(option: click.Parameter) -> str:
    """The name of a flag without its dashes, as messages give it."""
    return max(option.opts, key=len).lstrip("-")


def spell_switches(args: Sequence[str], params: Sequence[click.Parameter]) -> list[str]:
    """
    The arguments with `--switch=true` and `--switch=false` in the words that click knows.

    A switch without an opposite name is off unless given, so `--switch=false` is left out.
    """
    switches = {name: each for each in params if isinstance(each, click.Option) and each.is_flag for name in each.opts}
    spelled: list[str] = []
    for position, arg in enumerate(args):
        if arg == "--":
            return [*spelled, *args[position:]]
        name, _, value = arg.partition("=")
        state = _SWITCH_VALUES.get(value.lower())
        if name not in switches or state is None:
            spelled.append(arg)
        elif state:
            spelled.append(name)
        else:
            spelled.extend(switches[name].secondary_opts[:1])
    return spelled
