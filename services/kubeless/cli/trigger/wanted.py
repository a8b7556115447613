"""The flags of `create` and `update`: what they say of a trigger, and the command around them, whatever the kind."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

import click

from kubeless.cli.commands import Command
from kubeless.cli.options import dry_run_options, name_argument, namespace_option
from kubeless.cli.trigger.flags import Decorator
from kubeless.cli.trigger.kind import TriggerKind
from kubeless.core.jsontypes import JsonObject


class Wanted(Protocol):
    """The flags of one kind, checked as far as that needs no cluster."""

    def new_spec(self, server: str, /) -> JsonObject:
        """The spec of a new trigger; `server` is the URL of the API server. Raises Fatal for what is missing."""

    def changed_spec(self, spec: JsonObject, /) -> JsonObject:
        """The spec with what was given replaced, the rest as it is; `spec` is left alone."""


Read = Callable[[dict[str, Any]], Wanted]
"""Makes one of the values of flags, by name; raises Fatal and InvalidField."""

Act = Callable[[TriggerKind, str, str | None, Wanted, str | None], Coroutine[None, None, None]]
"""Kind, name, namespace (None: that of the context), flags, and the format to only print the object in (None: act)."""


def wanting_command(kind: TriggerKind, text: str, *, options: Decorator, read: Read, act: Act) -> click.Command:
    """A command that takes the flags of a trigger: `options` are those of the kind, and `read` understands them."""

    @click.command(cls=Command, help=text)
    @name_argument(kind.name, complete=kind.complete)
    @options
    @namespace_option
    @dry_run_options
    def command(name: str, namespace: str | None, dry_run: bool, format_name: str, **given: Any) -> None:
        asyncio.run(act(kind, name, namespace, read(given), format_name if dry_run else None))

    return command
