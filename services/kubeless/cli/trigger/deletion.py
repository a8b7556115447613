"""`delete`, for every kind of trigger."""

import asyncio

import click

from kubeless.cli import messages
from kubeless.cli.commands import Command
from kubeless.cli.failure import Fatal
from kubeless.cli.options import name_argument, namespace_option
from kubeless.cli.trigger.kind import TriggerKind


def delete_command(kind: TriggerKind, text: str, *, argument: str | None = None) -> click.Command:
    """`text` is the help; `argument` is what the name is called if it is missing (default: that of the kind)."""

    @click.command(cls=Command, help=text)
    @name_argument(argument or kind.name, complete=kind.complete)
    @namespace_option
    def command(name: str, namespace: str | None) -> None:
        asyncio.run(_delete(kind, name, namespace))

    return command


async def _delete(kind: TriggerKind, name: str, namespace: str | None) -> None:
    from kubeless.cli.cluster import connect
    from kubeless.kube.errors import KubeError

    async with connect() as client:
        scope = namespace or client.namespace
        try:
            await client.delete(kind.resource, name, namespace=scope)
        except KubeError as error:
            raise Fatal(kind.failure("delete", name, scope, error)) from error
    messages.info(f"{kind.heading} trigger {name} deleted from namespace {scope} successfully!")
