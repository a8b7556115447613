"""Flags that several kinds of triggers have."""

from collections.abc import Callable
from typing import Any

import click

from kubeless.cli.livenames import complete_functions

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def all_of(*options: Decorator) -> Decorator:
    """One decorator for several; help shows them in this order."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


def selector_option(*, required: bool) -> Decorator:
    """The functions to call, by label."""
    return click.option(
        "--function-selector",
        "selector",
        required=required,
        metavar="LABELS",
        help="Functions to call, by label: a=b,c!=d,e in (f,g),h,!i.",
    )


def function_option(flag: str, *, required: bool) -> Decorator:
    """The function to call, by name."""
    return click.option(
        flag,
        "function",
        required=required,
        metavar="NAME",
        shell_complete=complete_functions,
        help="Function to call.",
    )
