"""The flags of `trigger nats create` and `update`."""

import click

from kubeless.api.natssubject import MAX_TOKENS
from kubeless.cli.trigger.flags import Decorator, all_of, selector_option


def nats_trigger_options(*, required: bool) -> Decorator:
    """What a trigger is, by the names of `build.NatsWanted`."""
    return all_of(
        click.option(
            "--trigger-topic",
            "topic",
            required=required,
            metavar="SUBJECT",
            help="Subject to subscribe to; * and > are wildcards.",
        ),
        selector_option(required=required),
        click.option("--stream", metavar="NAME", help="JetStream stream that holds the subject: nothing is lost then."),
        click.option("--durable", metavar="NAME", help="JetStream consumer to use (default: one of our own)."),
        *_DELIVERY,
    )


_DELIVERY = (
    click.option(
        "--order",
        type=click.Choice(["partition", "key", "none"]),
        help="One event at a time per subject, per key, or in no order.",
    ),
    click.option(
        "--key-token",
        type=click.IntRange(0, MAX_TOKENS),
        metavar="N",
        help="With --order key: the token of the subject that is the key, counted from 1 (0: the header Kubeless-Key).",
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
