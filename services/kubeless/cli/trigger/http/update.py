"""`kubeless trigger http update`: what is not given stays as it is."""

import asyncio
from typing import Any

import click

from kubeless.cli import messages
from kubeless.cli.commands import Command
from kubeless.cli.failure import Fatal
from kubeless.cli.mergepatch import merge_patch
from kubeless.cli.options import http_trigger_name
from kubeless.cli.trigger.http.build import HTTPTriggerSettings, changed_http_trigger
from kubeless.cli.trigger.http.flags import http_trigger_options, read_settings


@click.command(cls=Command)
@http_trigger_name
@http_trigger_options(function_required=False)
def command(name: str, **flags: Any) -> None:
    """Change an HTTP trigger; what is not given stays as it is."""
    settings = read_settings(flags)
    asyncio.run(_update(name, settings, flags))


async def _update(name: str, settings: HTTPTriggerSettings, flags: dict[str, Any]) -> None:
    from kubeless.api.resource import HTTP_TRIGGERS
    from kubeless.cli.cluster import connect
    from kubeless.cli.trigger.objects import check_function, find_trigger, print_dry_run
    from kubeless.kube.errors import KubeError

    async with connect() as client:
        namespace = flags["namespace"] or client.namespace
        current = await find_trigger(client, HTTP_TRIGGERS, name, namespace, title="HTTP")
        if settings.function:
            await check_function(client, settings.function, namespace)
        changed = changed_http_trigger(current, settings)
        if flags["dry_run"]:
            print_dry_run(changed, flags["format_name"])
            return
        try:
            await client.patch(HTTP_TRIGGERS, name, merge_patch(current, changed), namespace=namespace)
        except KubeError as error:
            raise Fatal(f"Failed to update HTTP trigger {name} in namespace {namespace}. Error: {error}") from error
    messages.info(f"HTTP trigger {name} updated in namespace {namespace} successfully!")
