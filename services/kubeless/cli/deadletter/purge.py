"""`kubeless deadletter purge`."""

import asyncio
import json

import click

from kubeless.cli import messages
from kubeless.cli.commands import Command
from kubeless.cli.deadletter.flags import function_option, place_options, trigger_argument
from kubeless.cli.kafkaadmin import KafkaAdmin
from kubeless.core.jsontypes import JsonObject


@click.command(cls=Command)
@trigger_argument
@click.option("--up-to", metavar="ID", help="This one and those before it in its partition (default: all there are).")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@function_option
@place_options
def command(
    trigger: str | None,
    up_to: str | None,
    yes: bool,
    function: str | None,
    topic: str | None,
    namespace: str | None,
    kafka_namespace: str,
) -> None:
    """Delete events that could not be delivered, for ever."""
    asyncio.run(_purge(trigger, up_to, yes, function, topic, namespace, kafka_namespace))


async def _purge(
    trigger: str | None,
    up_to: str | None,
    yes: bool,
    function: str | None,
    topic: str | None,
    namespace: str | None,
    kafka_namespace: str,
) -> None:
    from kubeless.cli.cluster import connect
    from kubeless.cli.deadletter.places import find_places, list_letters, one_place
    from kubeless.kafka_consumer.admin_names import LetterId

    last = LetterId.parse(up_to) if up_to else None
    async with connect() as client:
        scope = namespace or client.namespace
        admin = KafkaAdmin(client, kafka_namespace)
        places = await find_places(client, trigger, topic, scope)
        if last is not None:
            places = [one_place(places, trigger)]
        only = f"{scope}/{function}" if function else ""
        work = [(each, chosen(await list_letters(admin, each, function=only), last)) for each in places]
        total = sum(len(letters) for _, letters in work)
        if not total:
            messages.info("No dead letters to purge")
            return
        if not yes:
            click.confirm(f"Delete {total} dead letters for ever?", abort=True, err=True)
        purged = 0
        for place, letters in work:
            if letters:
                body = {"upTo": last_offsets(letters), "trigger": place.trigger, "function": only}
                (answer,) = await admin.call("POST", f"deadletters/{place.topic}/purge", body=json.dumps(body).encode())
                purged += int(answer.get("purged", 0))
    messages.info(f"{purged} dead letters purged")


def chosen(letters: list[JsonObject], last: tuple[int, int] | None) -> list[JsonObject]:
    """The letters up to `last` in its partition; all if it is None."""
    if last is None:
        return letters
    return [letter for letter in letters if _is_up_to(str(letter["id"]), last)]


def _is_up_to(letter: str, last: tuple[int, int]) -> bool:
    partition, _, offset = letter.partition("/")
    return int(partition) == last[0] and int(offset) <= last[1]


def last_offsets(letters: list[JsonObject]) -> dict[str, int]:
    """The last offset of each partition: what came since they were listed stays."""
    offsets: dict[str, int] = {}
    for letter in letters:
        partition, _, offset = str(letter["id"]).partition("/")
        offsets[partition] = max(int(offset), offsets.get(partition, 0))
    return offsets
