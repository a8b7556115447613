"""What commands say of the NATS trigger controller."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

AnyCallable = TypeVar("AnyCallable", bound=Callable[..., Any])


def nats_namespace_option(command: AnyCallable) -> AnyCallable:
    """`--nats-namespace`."""
    return click.option(
        "--nats-namespace",
        default="kubeless",
        show_default=True,
        metavar="NAME",
        help="Namespace of the NATS trigger controller.",
    )(command)
