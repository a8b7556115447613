"""`kubeless deadletter purge`."""

import asyncio
from typing import Any

import click

from kubeless.cli import messages
from kubeless.cli.commands import Command
from kubeless.cli.deadletter.flags import function_option, place_options, trigger_argument
from kubeless.cli.deadletter.places import Where, find_places, one_place
from kubeless.core.jsontypes import JsonObject
from kubeless.manage.letterbox import Place


@click.command(cls=Command)
@trigger_argument
@click.option("--up-to", metavar="ID", help="This one and those before it in its partition (default: all there are).")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@function_option
@place_options
def command(up_to: str | None, yes: bool, function: str | None, **where: Any) -> None:
    """Delete events that could not be delivered, for ever."""
    asyncio.run(_purge(Where(**where), up_to, function, yes=yes))


async def _purge(where: Where, up_to: str | None, function: str | None, *, yes: bool) -> None:
    from kubeless.cli.cluster import connect
    from kubeless.cli.deadletter.box import open_box

    async with connect() as client:
        scope = where.namespace or client.namespace
        places = await find_places(client, where, scope)
        if up_to is not None:
            places = [one_place(places, where)]
            up_to = places[0].kind.check_id(up_to)
        only = f"{scope}/{function}" if function else ""
        boxes = [open_box(client, where, place) for place in places]
        work = [(box, chosen(box.place, await box.letters(function=only), up_to)) for box in boxes]
        total = sum(len(letters) for _, letters in work)
        if not total:
            messages.info("No dead letters to purge")
            return
        if not yes:
            click.confirm(f"Delete {total} dead letters for ever?", abort=True, err=True)
        purged = sum([await box.purge(letters, function=only) for box, letters in work if letters])
    messages.info(f"{purged} dead letters purged")


def chosen(place: Place, letters: list[JsonObject], last: str | None) -> list[str]:
    """The IDs of the letters up to `last`; all if it is None."""
    found = (str(letter["id"]) for letter in letters)
    return [each for each in found if last is None or place.kind.is_up_to(each, last)]
