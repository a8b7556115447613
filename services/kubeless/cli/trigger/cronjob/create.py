"""`kubeless trigger cronjob create`."""

import asyncio
from typing import Any

import click

from kubeless.cli import messages
from kubeless.cli.commands import Command
from kubeless.cli.failure import Fatal
from kubeless.cli.trigger.cronjob.build import CronSettings, new_cronjob_trigger
from kubeless.cli.trigger.cronjob.flags import cronjob_trigger_name, cronjob_trigger_options, read_settings


@click.command(cls=Command)
@cronjob_trigger_name
@cronjob_trigger_options(required=True)
def command(name: str, **flags: Any) -> None:
    """Create a cronjob trigger."""
    asyncio.run(_create(name, read_settings(flags), flags))


async def _create(name: str, settings: CronSettings, flags: dict[str, Any]) -> None:
    from kubeless.api.resource import CRONJOB_TRIGGERS
    from kubeless.cli.cluster import connect
    from kubeless.cli.trigger.objects import check_function, print_dry_run
    from kubeless.kube.errors import KubeError

    async with connect() as client:
        namespace = flags["namespace"] or client.namespace
        await check_function(client, settings.function or "", namespace)
        trigger = new_cronjob_trigger(name, namespace, settings)
        if flags["dry_run"]:
            print_dry_run(trigger, flags["format_name"])
            return
        try:
            await client.create(CRONJOB_TRIGGERS, trigger)
        except KubeError as error:
            raise Fatal(
                f"Failed to create cronjob trigger object {name} in namespace {namespace}. Error: {error}"
            ) from error
    messages.info(f"Cronjob trigger {name} created in namespace {namespace} successfully!")
