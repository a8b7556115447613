"""The flags of `trigger cronjob create` and `update`, and the name that all commands take."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from kubeless.cli.livenames import complete_cronjob_triggers, complete_functions
from kubeless.cli.options import dry_run_options, name_argument, namespace_option
from kubeless.cli.trigger.cronjob.build import CronSettings
from kubeless.cli.trigger.cronjob.payload import read_payload

AnyCallable = TypeVar("AnyCallable", bound=Callable[..., Any])

cronjob_trigger_name = name_argument("cronjob trigger name", complete=complete_cronjob_triggers)
"""The name of a cronjob trigger, which shells complete."""

_SETTINGS = ("function", "schedule", "time_zone", "concurrency_policy", "catch_up", "starting_deadline")

_OPTIONS = (
    click.option("--time-zone", metavar="NAME", help="IANA name, such as Europe/Berlin (default: UTC)."),
    click.option("-p", "--payload", metavar="JSON", help="Body of the calls; without one they are GET."),
    click.option("-f", "--payload-from-file", "payload_file", metavar="FILE", help="The same, from JSON or YAML."),
    click.option(
        "--concurrency-policy",
        type=click.Choice(("Allow", "Forbid", "Replace")),
        help="If the call before is still running (default: Allow).",
    ),
    click.option(
        "--catch-up",
        type=click.Choice(("skip", "last", "all")),
        help="Times that passed while nothing was running (default: skip).",
    ),
    click.option(
        "--starting-deadline",
        type=click.FloatRange(min=0),
        metavar="SECONDS",
        help="A call that is later than this is skipped.",
    ),
)


def cronjob_trigger_options(*, required: bool) -> Callable[[AnyCallable], AnyCallable]:
    """All of them, with dry run and the choice of a namespace."""

    def decorate(command: AnyCallable) -> AnyCallable:
        function = click.option(
            "--function", required=required, metavar="NAME", shell_complete=complete_functions, help="Function to call."
        )
        schedule = click.option(
            "--schedule", required=required, metavar="CRON", help="When, such as '*/10 * * * *' or '@every 30s'."
        )
        for option in reversed((function, schedule, *_OPTIONS)):
            command = option(command)
        return namespace_option(dry_run_options(command))

    return decorate


def read_settings(flags: dict[str, Any]) -> CronSettings:
    """The checked settings; raises `Fatal`."""
    has_payload, payload = read_payload(flags["payload"], flags["payload_file"])
    settings = CronSettings(**{name: flags[name] for name in _SETTINGS}, payload=payload, has_payload=has_payload)
    settings.check()
    return settings
