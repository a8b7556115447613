"""The flags of `trigger kafka create` and `update`."""

import click

from kubeless.cli.trigger.flags import Decorator, all_of, selector_option


def kafka_trigger_options(*, required: bool) -> Decorator:
    """Topic and selector, by the names that `build.read_wanted` knows."""
    topic = click.option("--trigger-topic", "topic", required=required, metavar="NAME", help="Topic to read.")
    return all_of(topic, selector_option(required=required))
