"""
Lists and key-value pairs on the command line, with the rules of the Kubeless of old.

A flag of type "list" may be repeated, and each value is one line of CSV: `-l a=b,c:d -l e` are three items, and
`-e '"A=1,2"'` is one.
"""

import csv
from collections.abc import Iterable

import click


def split_lists(values: Iterable[str]) -> list[str]:
    """
    The items of a repeated list flag, in order, duplicates included.

    Raises:
        ValueError: a value is not one line of CSV.
    """
    items: list[str] = []
    for value in values:
        if not value:
            continue
        try:
            rows = list(csv.reader([value], strict=True))
        except csv.Error as error:
            raise ValueError(f"{value!r} is not a comma separated list: {error}") from error
        items.extend(rows[0])
    return items


def pairs(items: Iterable[str]) -> list[tuple[str, str]]:
    """`k=v` or `k:v`, split at whichever comes first; a key alone has the empty value."""
    return [_pair(item) for item in items]


def _pair(item: str) -> tuple[str, str]:
    for position, character in enumerate(item):
        if character in "=:":
            return item[:position], item[position + 1 :]
    return item, ""


def list_callback(_: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """For `click.option(multiple=True)`: the items of all values."""
    try:
        return tuple(split_lists(values))
    except ValueError as error:
        raise click.BadParameter(str(error), param=parameter) from error


def pairs_callback(
    context: click.Context, parameter: click.Parameter, values: tuple[str, ...]
) -> tuple[tuple[str, str], ...]:
    """For `click.option(multiple=True)`: the pairs of all values. A pair without a key is refused."""
    found = tuple(pairs(list_callback(context, parameter, values)))
    if any(not key for key, _ in found):
        raise click.BadParameter("a pair needs a key, as in key=value", param=parameter)
    return found
