"""Rules for single values that many kinds share."""

from collections.abc import Iterator, Sequence
from typing import Any

from kubeless.core.jsontypes import JsonObject
from kubeless.local.apiserver import names
from kubeless.local.apiserver.problems import FieldProblem, child, invalid, not_supported, required

_MOST_DIGITS = 9


def at_least(obj: JsonObject, name: str, path: str, least: int = 0) -> Iterator[FieldProblem]:
    """A number that, if given, must not be smaller."""
    value = obj.get(name)
    if value is not None and value < least:
        detail = "must be greater than or equal to 0" if least == 0 else f"must be greater than or equal to {least}"
        yield invalid(child(path, name), value, detail)


def one_of(
    obj: JsonObject, name: str, path: str, choices: Sequence[str], *, needed: bool = False
) -> Iterator[FieldProblem]:
    """A word that, if given, must be one of a few."""
    value = obj.get(name)
    if value in {None, ""}:
        if needed:
            yield required(child(path, name), f"supported values: {', '.join(choices)}")
    elif value not in choices:
        yield not_supported(child(path, name), value, sorted(choices))


def port_number(value: Any, path: str) -> Iterator[FieldProblem]:
    """A port that exists."""
    if not isinstance(value, int) or not 1 <= value <= 65535:
        yield invalid(path, value, "must be between 1 and 65535, inclusive")


def port_or_name(value: Any, path: str) -> Iterator[FieldProblem]:
    """A port, or the name of one."""
    if isinstance(value, str):
        problem = names.port_name_problem(value)
        if problem:
            yield invalid(path, value, problem)
    else:
        yield from port_number(value, path)


def count_or_percent(value: Any, path: str) -> Iterator[FieldProblem]:
    """A number of pods, or a share of them such as `25%`."""
    if isinstance(value, str):
        if not (value.endswith("%") and value[:-1].isdecimal() and value.isascii() and len(value) <= _MOST_DIGITS):
            detail = "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', "
            yield invalid(path, value, f"{detail}regex used for validation is '[0-9]+%')")
    elif value < 0:
        yield invalid(path, value, "must be greater than or equal to 0")
