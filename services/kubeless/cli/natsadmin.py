"""The operations of the NATS trigger controller, see `serviceadmin`."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from kubeless.cli.serviceadmin import ServiceAdmin
from kubeless.nats_subscriber.admin_names import SERVICE

AnyCallable = TypeVar("AnyCallable", bound=Callable[..., Any])


class NatsAdmin(ServiceAdmin):
    """The NATS trigger controller in one namespace."""

    service = SERVICE
    title = "NATS trigger controller"
    flag = "--nats-namespace"


def nats_namespace_option(command: AnyCallable) -> AnyCallable:
    """`--nats-namespace`."""
    return click.option(
        "--nats-namespace",
        default="kubeless",
        show_default=True,
        metavar="NAME",
        help="Namespace of the NATS trigger controller.",
    )(command)
