"""`suspend` and `resume`, for every kind of trigger."""

import asyncio

import click

from kubeless.cli import messages
from kubeless.cli.commands import Command
from kubeless.cli.options import name_argument, namespace_option
from kubeless.cli.trigger.kind import TriggerKind


def suspend_command(
    kind: TriggerKind, text: str = "Take in no messages for now; those in flight are finished."
) -> click.Command:
    """`suspend`; `text` is the help."""
    return _command(kind, text, suspend=True)


def resume_command(kind: TriggerKind, text: str = "Go on where a suspended trigger stopped.") -> click.Command:
    """`resume`; `text` is the help."""
    return _command(kind, text, suspend=False)


def _command(kind: TriggerKind, text: str, *, suspend: bool) -> click.Command:
    @click.command(cls=Command, help=text)
    @name_argument(kind.name, complete=kind.complete)
    @namespace_option
    def command(name: str, namespace: str | None) -> None:
        asyncio.run(_write(kind, name, namespace, suspend=suspend))

    return command


async def _write(kind: TriggerKind, name: str, namespace: str | None, *, suspend: bool) -> None:
    from kubeless.cli.cluster import connect
    from kubeless.cli.trigger.change import change_trigger

    async with connect() as client:
        scope = namespace or client.namespace
        await change_trigger(client, kind, name, scope, lambda spec: spec | {"suspend": suspend})
    done = "suspended" if suspend else "resumed"
    messages.info(f"{kind.heading} trigger {name} {done} in namespace {scope} successfully!")
