"""`kubeless function update`: what is not given stays as it is."""

import asyncio
from typing import TYPE_CHECKING, Any

import click

from kubeless.cli import messages
from kubeless.cli.commands import Command
from kubeless.cli.failure import Fatal
from kubeless.cli.function.deploy import print_dry_run, tell_submitted
from kubeless.cli.function.flags import function_options, read_settings
from kubeless.cli.options import function_name
from kubeless.core.errors import KubelessError
from kubeless.core.jsontypes import JsonObject
from kubeless.manage.functionsettings import FunctionSettings

if TYPE_CHECKING:
    from kubeless.kube.client import KubeClient

_ATTEMPTS = 5
"""How often the change is worked out again because somebody else changed the function meanwhile."""


@click.command(cls=Command)
@function_name
@function_options
def command(name: str, **flags: Any) -> None:
    """Change a function; what is not given stays as it is."""
    asyncio.run(_update(name, flags))


async def _update(name: str, flags: dict[str, Any]) -> None:
    from kubeless.cli.cluster import connect
    from kubeless.cli.serverruntimes import server_catalog, warn_of_end
    from kubeless.manage.functionobject import changed_function

    settings = await read_settings(flags)
    async with connect() as client:
        namespace = flags["namespace"] or client.namespace
        if settings.runtime:
            warn_of_end(await server_catalog(client), settings.runtime)
        if flags["dry_run"]:
            current = await _current(client, name, namespace)
            print_dry_run(changed_function(current, settings), flags["format_name"])
            return
        await _redeploy(client, name, namespace, settings, flags)


async def _redeploy(
    client: "KubeClient", name: str, namespace: str, settings: FunctionSettings, flags: dict[str, Any]
) -> None:
    from kubeless.cli.function.wait import wait_ready

    messages.info("Redeploying function...")
    updated = await _patch(client, name, namespace, settings)
    tell_submitted(name, flags["namespace"])
    if flags["wait"]:
        await wait_ready(client, updated, timeout=flags["wait_timeout"])


async def _current(client: "KubeClient", name: str, namespace: str) -> JsonObject:
    from kubeless.api.resource import FUNCTIONS
    from kubeless.kube.errors import NotFound

    try:
        return await client.get(FUNCTIONS, name, namespace=namespace)
    except NotFound as error:
        raise Fatal(f"Function {name} is not found") from error


async def _patch(client: "KubeClient", name: str, namespace: str, settings: FunctionSettings) -> JsonObject:
    from kubeless.api.resource import FUNCTIONS
    from kubeless.cli.mergepatch import merge_patch
    from kubeless.kube.errors import Conflict
    from kubeless.manage.functionobject import changed_function

    for attempt in range(_ATTEMPTS):
        current = await _current(client, name, namespace)
        patch = merge_patch(current, changed_function(current, settings))
        if not patch:
            return current
        # Lists such as the environment are replaced as a whole, so they must not have changed since we read them.
        patch.setdefault("metadata", {})["resourceVersion"] = current["metadata"]["resourceVersion"]
        try:
            return await client.patch(FUNCTIONS, name, patch, namespace=namespace)
        except Conflict:
            if attempt == _ATTEMPTS - 1:
                raise
        except KubelessError as error:
            raise Fatal(f"Failed to deploy {name}. Received:\n{error}") from error
    raise AssertionError("the last attempt returns or raises")
