"""The flags of `trigger nats create` and `update`, and the name that all commands take."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from kubeless.cli.options import dry_run_options, name_argument, namespace_option
from kubeless.cli.trigger.kind import NATS

AnyCallable = TypeVar("AnyCallable", bound=Callable[..., Any])

nats_trigger_name = name_argument(NATS.name, complete=NATS.complete)
"""The name of a NATS trigger, which shells complete."""


def nats_trigger_options(*, required: bool) -> Callable[[AnyCallable], AnyCallable]:
    """What a trigger is, with dry run and the choice of a namespace. The values fit `build.Wanted`."""
    options = (
        click.option(
            "--trigger-topic",
            "topic",
            required=required,
            metavar="SUBJECT",
            help="Subject to subscribe to; * and > are wildcards.",
        ),
        click.option(
            "--function-selector",
            "selector",
            required=required,
            metavar="LABELS",
            help="Functions to call, by label: a=b,c!=d,e in (f,g),h,!i.",
        ),
        click.option("--stream", metavar="NAME", help="JetStream stream that holds the subject: nothing is lost then."),
        click.option("--durable", metavar="NAME", help="JetStream consumer to use (default: one of our own)."),
        *_delivery_options(),
        namespace_option,
        dry_run_options,
    )

    def decorate(command: AnyCallable) -> AnyCallable:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


def _delivery_options() -> tuple[Callable[[AnyCallable], AnyCallable], ...]:
    return (
        click.option(
            "--order",
            type=click.Choice(["partition", "key", "none"]),
            help="One event at a time per subject, per key, or in no order.",
        ),
        click.option("--concurrency", type=click.IntRange(1, 65_536), help="Events in flight per function."),
        click.option("--timeout", type=click.FloatRange(min=0, min_open=True), help="Seconds for one attempt."),
        click.option("--max-attempts", type=click.IntRange(1, 1000), help="Attempts per event."),
        click.option("--dead-letter-subject", metavar="SUBJECT", help="Where events go that cannot be delivered."),
        click.option(
            "--dead-letters/--no-dead-letters",
            "dead_letters",
            default=None,
            help="Keep events that cannot be delivered, or drop and count them.",
        ),
    )
