"""
Data on stdout: tables, JSON, YAML and names.

A table's cells are padded to the width of their column and joined by a TAB, so people can read it and `awk -F'\\t'`
and `grep -w` work on it. Long cells are wrapped onto continuation lines.
"""

import json
import sys
import textwrap
from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import Any

from kubeless.cli.failure import Fatal
from kubeless.cli.messages import printable
from kubeless.core.jsontypes import JsonObject

LIST_FORMATS = ("wide", "json", "yaml", "name")


def table(rows: Iterable[Sequence[str]], *, width: int = 50) -> str:
    """The lines of a table whose cells are wrapped at `width` characters. Ends with a newline unless empty."""
    lines = [line for row in rows for line in _wrapped(row, width)]
    widths = [max(len(cell) for cell in column) for column in zip(*lines, strict=True)]
    padded = ("\t".join(cell.ljust(size) for cell, size in zip(line, widths, strict=True)) for line in lines)
    return "".join(f"{line}\n" for line in padded)


def _wrapped(row: Sequence[str], width: int) -> list[tuple[str, ...]]:
    cells = [_wrap(printable(cell), width) for cell in row]
    return list(zip_longest(*cells, fillvalue=""))


def _wrap(cell: str, width: int) -> list[str]:
    lines = [part for line in cell.expandtabs(1).splitlines() for part in textwrap.wrap(line, width)]
    return lines or [""]


def to_json(value: object, *, indent: int) -> str:
    """JSON as people read it, with a newline at the end."""
    return json.dumps(value, indent=indent, ensure_ascii=False) + "\n"


def to_yaml(value: object) -> str:
    """YAML in the order of the keys, with source text as block scalars."""
    import yaml

    class Dumper(yaml.SafeDumper):
        """Of its own, because representers are kept on the class."""

    def represent(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
        style = "|" if "\n" in text else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)

    Dumper.add_representer(str, represent)
    return yaml.dump(value, Dumper=Dumper, sort_keys=False, allow_unicode=True)


def dry_run_text(value: JsonObject, output: str) -> str | None:
    """An object as `--dryrun` prints it; None for a format that does not exist."""
    match output:
        case "yaml":
            return to_yaml(value)
        case "json":
            return to_json(value, indent=4)
        case _:
            return None


def check_list_format(output: str) -> None:
    """
    Refuse an unknown `-o` before any work is done.

    Raises:
        Fatal: it is neither empty (a table) nor one of `LIST_FORMATS`.
    """
    if output not in ("", *LIST_FORMATS):
        raise wrong_format()


def list_text(items: Sequence[JsonObject], output: str, *, kind: str) -> str:
    """Objects as a bare array in `json` or `yaml`, or one `<kind>/<name>` a line."""
    match output:
        case "json":
            return to_json(list(items), indent=2)
        case "yaml":
            return to_yaml(list(items))
        case _:
            return "".join(f"{kind}/{item['metadata']['name']}\n" for item in items)


def wrong_format() -> Fatal:
    """The error for an unknown `-o`."""
    return Fatal("Wrong output format. Please use only json|yaml")


def write(text: str) -> None:
    """Text on stdout, as it is."""
    sys.stdout.write(text)


def write_lines(text: str) -> None:
    """Lines on stdout that hold what others wrote, unable to control a terminal."""
    sys.stdout.write("\n".join(map(printable, text.split("\n"))))


def write_bytes(data: bytes) -> None:
    """Bytes on stdout, as they are."""
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def string_map(value: Any) -> dict[str, str]:
    """A map of strings from an object that others wrote; empty unless it is one."""
    return {str(key): str(each) for key, each in value.items()} if isinstance(value, dict) else {}
