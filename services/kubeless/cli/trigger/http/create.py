"""`kubeless trigger http create`."""

import asyncio
from dataclasses import replace
from typing import Any

import click

from kubeless.cli import messages
from kubeless.cli.commands import Command
from kubeless.cli.failure import Fatal
from kubeless.cli.options import http_trigger_name
from kubeless.cli.trigger.http.build import DEFAULT_GATEWAY, HTTPTriggerSettings, default_host, new_http_trigger
from kubeless.cli.trigger.http.flags import http_trigger_options, read_settings


@click.command(cls=Command)
@http_trigger_name
@http_trigger_options(function_required=True)
def command(name: str, **flags: Any) -> None:
    """Create an HTTP trigger."""
    settings = read_settings(flags)
    asyncio.run(_create(name, settings, flags))


async def _create(name: str, settings: HTTPTriggerSettings, flags: dict[str, Any]) -> None:
    from kubeless.api.resource import HTTP_TRIGGERS
    from kubeless.cli.cluster import connect
    from kubeless.cli.trigger.objects import check_function, print_dry_run
    from kubeless.kube.errors import KubeError

    async with connect() as client:
        namespace = flags["namespace"] or client.namespace
        function = settings.function or ""
        await check_function(client, function, namespace)
        if not settings.host:
            host = default_host(function, settings.gateway or DEFAULT_GATEWAY, server=client.server)
            settings = replace(settings, host=host)
        trigger = new_http_trigger(name, namespace, settings)
        if flags["dry_run"]:
            print_dry_run(trigger, flags["format_name"])
            return
        try:
            await client.create(HTTP_TRIGGERS, trigger)
        except KubeError as error:
            raise Fatal(f"Failed to deploy HTTP trigger {name} in namespace {namespace}. Error: {error}") from error
    messages.info(f"HTTP trigger {name} created in namespace {namespace} successfully!")
