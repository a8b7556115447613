"""
Redrive of the dead letters of a topic: see `delivery.admin.redrive`.

That a letter is done is a note in its topic (see `admin_letters`).
"""

from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import aclosing

from aiohttp import web
from aiokafka import AIOKafkaProducer

from kubeless.core.errors import InvalidInput, shorten
from kubeless.core.event import Event
from kubeless.core.jsontypes import JsonObject
from kubeless.delivery.admin.answers import read_object, stream_lines
from kubeless.delivery.admin.errors import AdminError
from kubeless.delivery.admin.locks import LetterLocks
from kubeless.delivery.admin.names import MAX_LETTERS
from kubeless.delivery.admin.redrive import Redelivery, Round
from kubeless.kafka_consumer.admin_clients import Clients
from kubeless.kafka_consumer.admin_errors import explain
from kubeless.kafka_consumer.admin_letterlog import LetterLog, open_log, write_notes
from kubeless.kafka_consumer.admin_letters import REDRIVEN, Letter, original_event
from kubeless.manage.kafkanames import LetterId, check_topic


class RedriveRoutes:
    """The operation over HTTP."""

    def __init__(self, clients: Clients, redelivery: Redelivery, locks: LetterLocks) -> None:
        self._clients = clients
        self._redelivery = redelivery
        self._locks = locks

    async def redrive(self, request: web.Request) -> web.StreamResponse:
        """`POST /deadletters/<topic>/redrive` of `{"letters": ["0/12", …]}`: one line per letter, see `Round.run`."""
        topic = check_topic(request.match_info["topic"])
        letters = read_ids(await read_object(request))
        self._redelivery.check_ready()
        return await stream_lines(request, self._results(topic, letters), explain)

    async def _results(self, topic: str, letters: Sequence[LetterId]) -> AsyncGenerator[JsonObject]:
        async with (
            self._locks.hold(topic),
            open_log(self._clients, topic) as letter_log,
            self._clients.producer() as producer,
            Round(TopicLetters(letter_log, producer), self._redelivery, explain) as round_,
            aclosing(round_.run(letters)) as results,
        ):
            async for result in results:
                yield result


class TopicLetters:
    """The letters of a topic, for a `Round`."""

    def __init__(self, letter_log: LetterLog, producer: AIOKafkaProducer) -> None:
        self.name = letter_log.topic
        self._log = letter_log
        self._producer = producer

    async def done(self, wanted: Sequence[LetterId]) -> set[LetterId]:
        """See `Letters`."""
        first: dict[int, int] = {}
        for letter in wanted:
            first[letter.partition] = min(letter.offset, first.get(letter.partition, letter.offset))
        known = first.keys() & self._log.spans.keys()
        return {LetterId(each, offset) for each in known for offset in await self._log.done(each, first[each])}

    def pick(self, wanted: Collection[LetterId]) -> AsyncGenerator[tuple[LetterId, Letter | None]]:
        """See `Letters`."""
        return self._log.pick(wanted)

    def missing(self, wanted: LetterId) -> AdminError:
        """See `Letters`."""
        return self._log.missing(wanted)

    def event(self, letter: Letter) -> Event:
        """See `Letters`."""
        return original_event(letter)

    async def settle(self, delivered: Sequence[LetterId]) -> None:
        """Note them behind the letters."""
        await write_notes(self._producer, self.name, delivered, REDRIVEN)


def read_ids(body: JsonObject) -> list[LetterId]:
    """The letters a request names, each once; raises InvalidInput."""
    value = body.get("letters")
    if not isinstance(value, list) or not value or len(value) > MAX_LETTERS:
        raise InvalidInput(f"letters: is no list of 1 to {MAX_LETTERS} IDs, got {shorten(value)}; list some of them")
    return list(dict.fromkeys(LetterId.parse(str(each)) for each in value))
