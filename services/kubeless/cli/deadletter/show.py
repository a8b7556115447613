"""`kubeless deadletter show`."""

import asyncio
import base64
from typing import Any

import click

from kubeless.cli import output
from kubeless.cli.commands import Command
from kubeless.cli.deadletter.body import body_text
from kubeless.cli.deadletter.flags import place_options
from kubeless.cli.deadletter.places import Where, find_places, one_place
from kubeless.cli.livenames import complete_letter_triggers
from kubeless.cli.options import output_option
from kubeless.core.jsontypes import JsonObject

_ROWS = (
    ("ID", "id"),
    ("Trigger", "trigger"),
    ("Function", "function"),
    ("Event", "eventId"),
    ("Reason", "reason"),
    ("Status", "status"),
    ("Attempts", "attempts"),
    ("Error", "error"),
    ("First time", "firstTime"),
    ("Last time", "lastTime"),
)
_WIDTH = 80


@click.command(cls=Command)
@click.argument("trigger", shell_complete=complete_letter_triggers)
@click.argument("letter", metavar="ID")
@click.option("--raw", is_flag=True, help="Print nothing but the body, byte for byte.")
@output_option("json", "yaml")
@place_options
def command(letter: str, raw: bool, format_name: str, **where: Any) -> None:
    """Print an event that could not be delivered, with headers and body."""
    if format_name not in ("", "json", "yaml"):
        raise output.wrong_format()
    found = asyncio.run(_show(Where(**where), letter))
    if raw:
        output.write_bytes(_decode(found.get("valueBase64")) or b"")
        return
    match format_name:
        case "json":
            output.write(output.to_json(found, indent=2))
        case "yaml":
            output.write(output.to_yaml(found))
        case _:
            output.write(letter_text(found))


async def _show(where: Where, letter: str) -> JsonObject:
    from kubeless.cli.cluster import connect
    from kubeless.cli.deadletter.box import open_box

    async with connect() as client:
        place = one_place(await find_places(client, where, where.namespace or client.namespace), where)
        return await open_box(client, where, place).show(place.kind.check_id(letter))


def letter_text(letter: JsonObject) -> str:
    """A letter for people: what happened, the key, the headers it came with, the body."""
    rows = [(f"{label}:", str(letter[name])) for label, name in _ROWS if letter.get(name) not in (None, "")]
    if (key := _decode(letter.get("keyBase64"))) is not None:
        rows.append(("Key:", _short(key)))
    for name, value in letter.get("headers") or ():
        if not str(name).startswith("kubeless-"):
            rows.append((f"Header {name}:", _short(_decode(value) or b"")))
    return f"{output.table(rows, width=_WIDTH)}\n{body_text(_decode(letter.get('valueBase64')))}"


def _short(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.hex(" ")


def _decode(value: object) -> bytes | None:
    return base64.b64decode(value) if isinstance(value, str) else None
