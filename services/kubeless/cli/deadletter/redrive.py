"""
`kubeless deadletter redrive`.

The letters are sent for in batches that grow while they are fast: a slow function shows progress, a fast one does not
wait for round trips, and Ctrl-C leaves what was not sent for untouched.
"""

import asyncio
import json
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import click

from kubeless.cli import messages
from kubeless.cli.commands import Command
from kubeless.cli.deadletter.flags import function_option, place_options, trigger_argument
from kubeless.cli.failure import Fatal
from kubeless.cli.kafkaadmin import KafkaAdmin
from kubeless.cli.progressbar import ProgressBar
from kubeless.core.jsontypes import JsonObject

if TYPE_CHECKING:
    from kubeless.cli.deadletter.places import Place

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
def command(
    trigger: str | None,
    letters: tuple[str, ...],
    everything: bool,
    function: str | None,
    topic: str | None,
    namespace: str | None,
    kafka_namespace: str,
) -> None:
    """
    Deliver events again, each to the function it failed for.

    What fails once more stays a dead letter.
    """
    if bool(letters) == everything:
        raise click.UsageError("give the IDs of dead letters after the trigger, or --all")
    tally = asyncio.run(_redrive(trigger, letters, function, topic, namespace, kafka_namespace))
    _tell(tally)


async def _redrive(
    trigger: str | None,
    letters: tuple[str, ...],
    function: str | None,
    topic: str | None,
    namespace: str | None,
    kafka_namespace: str,
) -> Tally:
    from kubeless.cli.cluster import connect
    from kubeless.cli.deadletter.places import find_places, list_letters, one_place
    from kubeless.kafka_consumer.admin_names import LetterId

    wanted = [str(LetterId.parse(letter)) for letter in letters]
    tally = Tally()
    async with connect() as client:
        scope = namespace or client.namespace
        admin = KafkaAdmin(client, kafka_namespace)
        places = await find_places(client, trigger, topic, scope)
        if wanted:
            work = [(one_place(places, trigger), wanted)]
        else:
            only = f"{scope}/{function}" if function else ""
            work = [
                (each, [letter["id"] for letter in await list_letters(admin, each, function=only)]) for each in places
            ]
        with ProgressBar("dead letters") as bar:
            await _send_all(admin, work, tally, bar)
    return tally


async def _send_all(admin: KafkaAdmin, work: "list[tuple[Place, list[str]]]", tally: Tally, bar: ProgressBar) -> None:
    total = sum(len(letters) for _, letters in work)
    size = _FIRST_BATCH
    for place, letters in work:
        position = 0
        while position < len(letters):
            batch = letters[position : position + size]
            began = time.monotonic()
            body = json.dumps({"letters": batch}).encode()
            for result in await admin.call("POST", f"deadletters/{place.topic}/redrive", body=body, timeout=_PATIENCE):
                tally.add(place.trigger.rpartition("/")[2] or place.topic, result)
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
