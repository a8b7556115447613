"""`kubeless trigger cronjob fire`: call the functions of a trigger now, whatever its schedule says."""

import asyncio

import click

from kubeless.cli import messages, output
from kubeless.cli.commands import Command
from kubeless.cli.failure import Fatal
from kubeless.cli.options import name_argument, namespace_option, output_option
from kubeless.cli.trigger.kind import CRONJOB
from kubeless.core.jsontypes import JsonObject
from kubeless.manage.cronnames import fire_path
from kubeless.manage.serviceadmin import CronAdmin

PATIENCE = 1800.0
"""Seconds; a function may take long, and may be called more than once."""


@click.command(cls=Command)
@name_argument(CRONJOB.name, complete=CRONJOB.complete)
@output_option("json", "yaml")
@click.option(
    "--cronjob-namespace",
    default="kubeless",
    show_default=True,
    metavar="NAME",
    help="Namespace of the cronjob trigger controller.",
)
@namespace_option
def command(name: str, format_name: str, cronjob_namespace: str, namespace: str | None) -> None:
    """Call the functions of a cronjob trigger now, and wait for the outcome."""
    if format_name not in ("", "json", "yaml"):
        raise output.wrong_format()
    asyncio.run(_fire(name, format_name, cronjob_namespace, namespace))


async def _fire(name: str, format_name: str, admin_namespace: str, namespace: str | None) -> None:
    from kubeless.cli.cluster import connect

    async with connect() as client:
        scope = namespace or client.namespace
        admin = CronAdmin(client, admin_namespace)
        answers = await admin.call("POST", fire_path(scope, name), body=b"", timeout=PATIENCE)
    calls: list[JsonObject] = answers[0].get("calls") or [] if answers else []
    match format_name:
        case "json":
            output.write(output.to_json(calls, indent=2))
        case "yaml":
            output.write(output.to_yaml(calls))
        case _:
            for call in calls:
                _tell(call)
    failed = [str(call.get("function")) for call in calls if call.get("outcome") != "delivered"]
    if failed:
        raise Fatal(f"Cronjob trigger {name}: the call of {', '.join(failed)} failed")


def _tell(call: JsonObject) -> None:
    took = f"status {call.get('status')}, {call.get('attempts')} attempts, {call.get('seconds')} s"
    line = f"Function {call.get('function')} {call.get('outcome')}: {took}"
    if call.get("outcome") == "delivered":
        messages.info(line)
    else:
        messages.error(f"{line}: {call.get('error')}")
