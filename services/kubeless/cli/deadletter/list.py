"""`kubeless deadletter list`."""

import asyncio
from typing import Any

import click

from kubeless.cli import messages, output
from kubeless.cli.commands import Command
from kubeless.cli.deadletter.flags import function_option, place_options, trigger_argument
from kubeless.cli.deadletter.places import Where
from kubeless.cli.options import output_option
from kubeless.core.jsontypes import JsonObject

_FORMATS = ("wide", "json", "yaml")
_HEADER = ("TRIGGER", "ID", "FUNCTION", "EVENT", "ERROR", "ATTEMPTS", "STATUS", "TIME")
_WIDE_HEADER = (*_HEADER, "REASON", "FIRST TIME", "SIZE", "TOPIC")


@click.command(cls=Command)
@trigger_argument
@function_option
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True, help="Most to list per trigger.")
@output_option(*_FORMATS)
@place_options
def command(function: str | None, limit: int, format_name: str, **where: Any) -> None:
    """List events that could not be delivered."""
    if format_name not in ("", *_FORMATS):
        raise output.wrong_format()
    found = asyncio.run(_list(Where(**where), function, limit))
    letters = [letter for each in found for letter in each[:limit]]
    match format_name:
        case "json":
            output.write(output.to_json(letters, indent=2))
        case "yaml":
            output.write(output.to_yaml(letters))
        case _:
            output.write(_table(letters, wide=format_name == "wide"))
    if any(len(each) > limit for each in found):
        messages.warn(f"There are more than the {limit} that are shown; see --limit")


async def _list(where: Where, function: str | None, limit: int) -> list[list[JsonObject]]:
    """The letters of each place; one more than `limit` where there are more."""
    from kubeless.cli.cluster import connect
    from kubeless.cli.deadletter.box import find_boxes

    async with connect() as client:
        scope = where.namespace or client.namespace
        wanted = f"{scope}/{function}" if function else ""
        found = []
        for box in await find_boxes(client, where, scope):
            letters = await box.letters(function=wanted, limit=limit + 1)
            found.append([{box.place.kind.place: box.place.name} | letter for letter in letters])
        return found


def _table(letters: list[JsonObject], *, wide: bool) -> str:
    columns = len(_WIDE_HEADER if wide else _HEADER)
    return output.table(row[:columns] for row in (_WIDE_HEADER, *map(_row, letters)))


def _row(letter: JsonObject) -> tuple[str, ...]:
    kind, _, trigger = str(letter["trigger"]).partition("/")
    shown = f"{kind.removesuffix('Trigger').lower()}/{trigger.partition('/')[2]}"
    function = str(letter["function"]).rpartition("/")[2]
    names = ("eventId", "error", "attempts", "status", "lastTime", "reason", "firstTime", "size")
    texts = ("" if letter.get(name) is None else str(letter[name]) for name in names)
    place = str(letter.get("topic") or letter.get("subject") or "")
    return (shown, str(letter["id"]), function, *texts, place)
