"""What commands say of the Kafka trigger controller."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from kubeless.manage.kafkanames import check_topic

AnyCallable = TypeVar("AnyCallable", bound=Callable[..., Any])


def kafka_namespace_option(command: AnyCallable) -> AnyCallable:
    """`--kafka-namespace`."""
    return click.option(
        "--kafka-namespace",
        default="kubeless",
        show_default=True,
        metavar="NAME",
        help="Namespace of the Kafka trigger controller.",
    )(command)


def read_topic_name(name: str) -> str:
    """The name of a topic, checked before anybody is asked; raises `InvalidField`."""
    return check_topic(name)
