"""`kubeless function deploy`."""

import asyncio
from typing import TYPE_CHECKING, Any

import click

from kubeless.cli import messages, output
from kubeless.cli.commands import Command
from kubeless.cli.failure import Fatal
from kubeless.cli.function.flags import function_options, read_settings
from kubeless.cli.function.settings import check_complete
from kubeless.cli.options import function_name
from kubeless.core.errors import KubelessError
from kubeless.core.jsontypes import JsonObject
from kubeless.manage.functionsettings import FunctionSettings

if TYPE_CHECKING:
    from kubeless.kube.client import KubeClient


@click.command(cls=Command)
@function_name
@function_options
@click.option("--schedule", metavar="CRON", help="Also call the function at these times, such as '*/10 * * * *'.")
def command(name: str, **flags: Any) -> None:
    """Deploy a function."""
    asyncio.run(_deploy(name, flags))


async def _deploy(name: str, flags: dict[str, Any]) -> None:
    check_complete(runtime=flags["runtime"], image=flags["image"], handler=flags["handler"])
    settings = await read_settings(flags)
    if flags["dry_run"]:
        await _print_object(name, flags, settings)
        return
    from kubeless.cli.cluster import connect

    async with connect() as client:
        await _check_runtime(client, settings.runtime)
        await _create(client, name, flags, settings)


async def _print_object(name: str, flags: dict[str, Any], settings: FunctionSettings) -> None:
    """A dry run asks the server where there is one, and is of use where there is none."""
    from kubeless.cli.cluster import NoCluster, connect
    from kubeless.manage.functionobject import new_function, schedule_trigger

    namespace = flags["namespace"]
    try:
        async with connect() as client:
            namespace = namespace or client.namespace
            await _check_runtime(client, settings.runtime)
    except NoCluster as error:
        messages.warn(f"{error}. Runtime check is disabled.")
    namespace = namespace or "default"
    print_dry_run(new_function(name, namespace, settings), flags["format_name"])
    if flags["schedule"]:
        output.write("---\n" if flags["format_name"] == "yaml" else "")
        print_dry_run(schedule_trigger(name, namespace, flags["schedule"]), flags["format_name"])


def print_dry_run(function: JsonObject, format_name: str) -> None:
    """Print an object; a format that does not exist is told, and no error: so it has always been for functions."""
    text = output.dry_run_text(function, format_name)
    if text is None:
        messages.info("Output format needs to be yaml or json")
    else:
        output.write(text)


async def _check_runtime(client: "KubeClient", runtime: str | None) -> None:
    from kubeless.cli.serverruntimes import ConfigUnreadable, server_catalog, warn_of_end

    if not runtime:
        return
    try:
        catalog = await server_catalog(client)
    except ConfigUnreadable as error:
        messages.warn(f"{error}. Runtime check is disabled.")
    else:
        warn_of_end(catalog, runtime)


async def _create(client: "KubeClient", name: str, flags: dict[str, Any], settings: FunctionSettings) -> None:
    from kubeless.api.resource import CRONJOB_TRIGGERS, FUNCTIONS
    from kubeless.cli.function.wait import wait_ready
    from kubeless.manage.functionobject import new_function, schedule_trigger

    namespace = flags["namespace"] or client.namespace
    messages.info("Deploying function...")
    try:
        created = await client.create(FUNCTIONS, new_function(name, namespace, settings))
    except KubelessError as error:
        raise Fatal(f"Failed to deploy {name}. Received:\n{error}") from error
    tell_submitted(name, flags["namespace"])
    if flags["schedule"]:
        try:
            await client.create(CRONJOB_TRIGGERS, schedule_trigger(name, namespace, flags["schedule"]))
        except KubelessError as error:
            raise Fatal(
                f"Failed to create cronjob trigger object {name} in namespace {namespace}. Error: {error}"
            ) from error
    if flags["wait"]:
        await wait_ready(client, created, timeout=flags["wait_timeout"])


def tell_submitted(name: str, namespace: str | None) -> None:
    """The two lines after a function was created or changed. `namespace` is the flag, if it was given."""
    messages.info(f"Function {name} submitted for deployment")
    suffix = f" -n {namespace}" if namespace else ""
    messages.info(f"Check the deployment status executing 'kubeless function ls {name}{suffix}'")
