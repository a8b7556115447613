"""`kubeless trigger cronjob update`: what is not given, or empty, stays as it is."""

import asyncio
from typing import Any

import click

from kubeless.cli import messages
from kubeless.cli.commands import Command
from kubeless.cli.trigger.cronjob.build import CronSettings, changed_cronjob_trigger
from kubeless.cli.trigger.cronjob.flags import cronjob_trigger_name, cronjob_trigger_options, read_settings


@click.command(cls=Command)
@cronjob_trigger_name
@cronjob_trigger_options(required=False)
def command(name: str, **flags: Any) -> None:
    """Change a cronjob trigger; what is not given stays as it is. `--payload null` makes the calls GET."""
    asyncio.run(_update(name, read_settings(flags), flags))


async def _update(name: str, settings: CronSettings, flags: dict[str, Any]) -> None:
    from kubeless.cli.cluster import connect
    from kubeless.cli.trigger.change import write_trigger
    from kubeless.cli.trigger.kind import CRONJOB
    from kubeless.cli.trigger.objects import check_function, find_trigger, print_dry_run

    async with connect() as client:
        namespace = flags["namespace"] or client.namespace
        current = await find_trigger(client, CRONJOB.resource, name, namespace, title=CRONJOB.title)
        if settings.function:
            await check_function(client, settings.function, namespace)
        changed = changed_cronjob_trigger(current, settings)
        if flags["dry_run"]:
            print_dry_run(changed, flags["format_name"])
            return
        await write_trigger(client, CRONJOB, current, changed)
    messages.info(f"Cronjob trigger {name} updated in namespace {namespace} successfully!")
