"""The flags and arguments of the dead-letter commands."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from kubeless.cli.kafkaadmin import kafka_namespace_option
from kubeless.cli.livenames import complete_functions, complete_letter_triggers
from kubeless.cli.natsadmin import nats_namespace_option
from kubeless.cli.options import namespace_option
from kubeless.manage.letterkind import KINDS

AnyCallable = TypeVar("AnyCallable", bound=Callable[..., Any])


def trigger_argument(command: AnyCallable) -> AnyCallable:
    """A trigger; without one, all of the namespace."""
    return click.argument("trigger", required=False, metavar="[TRIGGER]", shell_complete=complete_letter_triggers)(
        command
    )


def place_options(command: AnyCallable) -> AnyCallable:
    """Where the dead letters are. With the trigger, the values fit `places.Where`."""
    kind = click.option(
        "--kind", type=click.Choice(list(KINDS)), help="Kind of the triggers (default: all, or found by name)."
    )
    topic = click.option(
        "--topic",
        metavar="NAME",
        help="Dead-letter topic of Kafka, such as that of a trigger which is gone (default: by trigger).",
    )
    subject = click.option("--subject", metavar="NAME", help="Dead-letter subject of NATS, likewise.")
    return kind(topic(subject(namespace_option(kafka_namespace_option(nats_namespace_option(command))))))


def function_option(command: AnyCallable) -> AnyCallable:
    """Only the dead letters of one function."""
    return click.option(
        "--function",
        metavar="NAME",
        shell_complete=complete_functions,
        help="Only those that failed for this function.",
    )(command)
