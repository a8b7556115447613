"""
What two people changed in one function.

An edit is what a person changed between the object as they loaded it and the form as it is. It can be put onto a newer
object only where that did not change the same; else it is shown, and the person decides.
"""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass

MAX_LINES = 2000
"""Of a difference that is shown."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """One thing that both changed, as lines of a unified diff from theirs to mine."""

    what: str
    lines: tuple[str, ...]


def conflicts_of(before: Mapping[str, str], mine: Mapping[str, str], theirs: Mapping[str, str]) -> list[Conflict]:
    """Of the fields of a form: what I changed, and they did too, to something else."""
    return [
        Conflict(name, diff_lines(theirs.get(name, ""), mine[name]))
        for name in mine
        if mine[name] != before.get(name) != theirs.get(name) != mine[name]
    ]


def merged(before: Mapping[str, str], mine: Mapping[str, str], theirs: Mapping[str, str]) -> dict[str, str]:
    """My changes on top of theirs; mine win."""
    return {name: mine[name] if mine[name] != before.get(name) else theirs.get(name, "") for name in mine}


def diff_lines(theirs: str, mine: str) -> tuple[str, ...]:
    """A unified diff without its heading."""
    lines = difflib.unified_diff(theirs.splitlines(), mine.splitlines(), lineterm="", n=3)
    return tuple(line for index, line in enumerate(lines) if index >= 2)[:MAX_LINES]
