"""The flags of `trigger cronjob create` and `update`."""

import click

from kubeless.cli.trigger.flags import Decorator, all_of, function_option

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


def cronjob_trigger_options(*, required: bool) -> Decorator:
    """What to call and when, by the names that `build.read_wanted` knows."""
    schedule = click.option(
        "--schedule", required=required, metavar="CRON", help="When, such as '*/10 * * * *' or '@every 30s'."
    )
    return all_of(function_option("--function", required=required), schedule, *_OPTIONS)
