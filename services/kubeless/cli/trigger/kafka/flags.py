"""The flags of `trigger kafka create` and `update`, and the name that all commands take."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from kubeless.cli.livenames import complete_kafka_triggers
from kubeless.cli.options import dry_run_options, name_argument, namespace_option

AnyCallable = TypeVar("AnyCallable", bound=Callable[..., Any])

kafka_trigger_name = name_argument("kafka trigger name", complete=complete_kafka_triggers)
"""The name of a Kafka trigger, which shells complete."""


def kafka_trigger_options(*, required: bool) -> Callable[[AnyCallable], AnyCallable]:
    """Topic and selector, with dry run and the choice of a namespace."""

    def decorate(command: AnyCallable) -> AnyCallable:
        topic = click.option("--trigger-topic", "topic", required=required, metavar="NAME", help="Topic to read.")
        selector = click.option(
            "--function-selector",
            "selector",
            required=required,
            metavar="LABELS",
            help="Functions to call, by label: a=b,c!=d,e in (f,g),h,!i.",
        )
        return topic(selector(namespace_option(dry_run_options(command))))

    return decorate
