"""`kubeless trigger nats create`."""

import asyncio
from typing import Any

import click

from kubeless.cli import messages
from kubeless.cli.commands import Command
from kubeless.cli.failure import Fatal
from kubeless.cli.trigger.nats.build import Wanted, new_nats_trigger
from kubeless.cli.trigger.nats.flags import nats_trigger_name, nats_trigger_options


@click.command(cls=Command)
@nats_trigger_name
@nats_trigger_options(required=True)
def command(name: str, namespace: str | None, dry_run: bool, format_name: str, **wanted: Any) -> None:
    """Create a NATS trigger."""
    asyncio.run(_create(name, namespace, Wanted(**wanted), format_name if dry_run else None))


async def _create(name: str, namespace: str | None, wanted: Wanted, dry_run: str | None) -> None:
    """`dry_run` is the format to print the object in; None: create it."""
    from kubeless.api.resource import NATS_TRIGGERS
    from kubeless.cli.cluster import connect
    from kubeless.cli.trigger.objects import print_dry_run
    from kubeless.kube.errors import KubeError

    wanted.check()
    if wanted.durable and not wanted.stream:
        raise Fatal("--durable: is the name of a consumer of a stream; give --stream with it")
    trigger = new_nats_trigger(name, "", wanted)  # a mistake in it is told before anybody is asked
    async with connect() as client:
        scope = trigger["metadata"]["namespace"] = namespace or client.namespace
        if dry_run is not None:
            print_dry_run(trigger, dry_run)
            return
        try:
            await client.create(NATS_TRIGGERS, trigger)
        except KubeError as error:
            raise Fatal(f"Failed to create NATS trigger object {name} in namespace {scope}. Error: {error}") from error
    messages.info(f"NATS trigger {name} created in namespace {scope} successfully!")
