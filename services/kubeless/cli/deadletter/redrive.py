"""
`kubeless deadletter redrive`.

The letters are sent for in batches that grow while they are fast: a slow function shows progress, a fast one does not
wait for round trips, and Ctrl-C leaves what was not sent for untouched.
"""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click

from kubeless.cli import messages
from kubeless.cli.commands import Command
from kubeless.cli.deadletter.flags import function_option, place_options, trigger_argument
from kubeless.cli.deadletter.places import Where, find_places, one_place
from kubeless.cli.failure import Fatal
from kubeless.cli.progressbar import ProgressBar
from kubeless.core.jsontypes import JsonObject

if TYPE_CHECKING:
    from kubeless.manage.letterbox import LetterBox

_FIRST_BATCH = 8
_LARGEST_BATCH = 512
_QUICK = 1.0
"""Seconds; a batch that takes less is followed by one twice as large, another by one half as large."""

_PATIENCE = 604_800.0
"""Seconds; the longest timeout a function may have. It is the service that ends a batch."""

_SHOWN_FAILURES = 10


@dataclass(slots=True)
class Tally:
    """How it went so far."""

    results: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    def add(self, trigger: str, result: JsonObject) -> None:
        """Count the result of one letter."""
        word = str(result.get("result"))
        self.results[word] += 1
        if result.get("error"):
            self.failures.append(f"{trigger} {result.get('id')}: {word}: {result['error']}")


@click.command(cls=Command)
@trigger_argument
@click.argument("letters", nargs=-1, metavar="[ID]...")
@click.option("--all", "everything", is_flag=True, help="All of the trigger, or of the namespace without one.")
@function_option
@place_options
def command(letters: tuple[str, ...], everything: bool, function: str | None, **where: Any) -> None:
    """
    Deliver events again, each to the function it failed for.

    What fails once more stays a dead letter.
    """
    if bool(letters) == everything:
        raise click.UsageError("give the IDs of dead letters after the trigger, or --all")
    tally = asyncio.run(_redrive(Where(**where), letters, function))
    _tell(tally)


async def _redrive(where: Where, letters: tuple[str, ...], function: str | None) -> Tally:
    from kubeless.cli.cluster import connect
    from kubeless.cli.deadletter.box import find_boxes, open_box

    tally = Tally()
    async with connect() as client:
        scope = where.namespace or client.namespace
        if letters:
            place = one_place(await find_places(client, where, scope), where)
            work = [(open_box(client, where, place), [place.kind.check_id(letter) for letter in letters])]
        else:
            only = f"{scope}/{function}" if function else ""
            boxes = await find_boxes(client, where, scope)
            work = [(box, [str(letter["id"]) for letter in await box.letters(function=only)]) for box in boxes]
        with ProgressBar("dead letters") as bar:
            await _send_all(work, tally, bar)
    return tally


async def _send_all(work: "list[tuple[LetterBox, list[str]]]", tally: Tally, bar: ProgressBar) -> None:
    total = sum(len(letters) for _, letters in work)
    size = _FIRST_BATCH
    for box, letters in work:
        name = box.place.trigger.rpartition("/")[2] or box.place.name
        position = 0
        while position < len(letters):
            batch = letters[position : position + size]
            began = time.monotonic()
            for result in await box.redrive(batch, timeout=_PATIENCE):
                tally.add(name, result)
            position += len(batch)
            size = next_size(size, seconds=time.monotonic() - began)
            bar.show(tally.results.total() / total, tally.results.total())


def next_size(size: int, *, seconds: float) -> int:
    """How many letters to send for after a batch of `size` took so long."""
    return min(size * 2, _LARGEST_BATCH) if seconds < _QUICK else max(size // 2, 1)


def _tell(tally: Tally) -> None:
    for failure in tally.failures[:_SHOWN_FAILURES]:
        messages.error(failure)
    if len(tally.failures) > _SHOWN_FAILURES:
        messages.error(f"and {len(tally.failures) - _SHOWN_FAILURES} more")
    results = tally.results
    done = f", {results['done']} were done before" if results["done"] else ""
    text = f"{results['delivered']} of {results.total()} dead letters delivered{done}"
    if results["failed"]:
        raise Fatal(f"{text}; {results['failed']} failed again and stay")
    messages.info(text)
