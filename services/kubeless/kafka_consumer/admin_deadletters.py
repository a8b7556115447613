"""
Dead letters: list, show, purge. `kubeless deadletter` comes here through the API server's service proxy.

Purging is done when the topic says so: letters at the front of a partition are deleted; those behind a letter which is
still wanted (another trigger's, where several share a topic) are noted as done instead.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from aiohttp import web

from kubeless.core.jsontypes import JsonObject
from kubeless.delivery.admin.answers import read_object, stream_lines, whole_number
from kubeless.delivery.admin.errors import AdminError
from kubeless.delivery.admin.letters import Choice, details, read_choice, summary
from kubeless.delivery.admin.locks import LetterLocks
from kubeless.delivery.admin.names import MAX_LETTERS
from kubeless.kafka_consumer.admin_clients import Clients
from kubeless.kafka_consumer.admin_errors import explain
from kubeless.kafka_consumer.admin_letterlog import LetterLog, delete_before, open_log, write_notes
from kubeless.kafka_consumer.admin_letters import PURGED
from kubeless.manage.kafkanames import LetterId, check_topic

_MAX_OFFSET = (1 << 63) - 1
_NOTES_AT_ONCE = 1000


class DeadLetterRoutes:
    """The operations over HTTP."""

    def __init__(self, clients: Clients, locks: LetterLocks) -> None:
        self._clients = clients
        self._locks = locks

    async def list(self, request: web.Request) -> web.StreamResponse:
        """`GET /deadletters/<topic>?trigger=&function=&after=&limit=`: `summary` of a letter a line."""
        topic = check_topic(request.match_info["topic"])
        query = request.query
        after = LetterId.parse(query["after"]) if query.get("after") else None
        limit = whole_number(query.get("limit"), "limit", low=1, high=MAX_LETTERS, default=MAX_LETTERS)
        choice = Choice(query.get("trigger", ""), query.get("function", ""))
        return await stream_lines(request, self._summaries(topic, choice, after, limit), explain)

    async def show(self, request: web.Request) -> web.StreamResponse:
        """`GET /deadletters/<topic>/<partition>/<offset>`: `details` of one letter."""
        topic = check_topic(request.match_info["topic"])
        wanted = LetterId.parse(f"{request.match_info['partition']}/{request.match_info['offset']}")
        async with open_log(self._clients, topic) as log:
            return web.json_response(details(await log.find(wanted)))

    async def purge(self, request: web.Request) -> web.StreamResponse:
        """
        `POST /deadletters/<topic>/purge` of `{"upTo": {"0": 41}, "trigger"?, "function"?}`: `{"purged": 42}`.

        `upTo` is the last offset meant in each partition, so what came since the caller looked is safe.
        """
        topic = check_topic(request.match_info["topic"])
        body = await read_object(request)
        choice, last = read_choice(body), read_offsets(body.get("upTo"))
        async with self._locks.hold(topic), open_log(self._clients, topic) as log:
            return web.json_response({"purged": await self._purge(log, choice, last)})

    async def _summaries(
        self, topic: str, choice: Choice, after: LetterId | None, limit: int
    ) -> AsyncGenerator[JsonObject]:
        async with open_log(self._clients, topic) as log, aclosing(log.letters(choice, after=after)) as letters:
            async for letter in letters:
                yield summary(letter)
                limit -= 1
                if not limit:
                    return

    async def _purge(self, log: LetterLog, choice: Choice, last: dict[int, int]) -> int:
        purged, cuts = 0, {}
        for partition in sorted(log.spans.keys() & last.keys()):
            count, cuts[partition] = await self._purge_partition(log, choice, partition, last[partition])
            purged += count
        async with self._clients.admin() as admin:
            await delete_before(admin, log.topic, {p: cut for p, cut in cuts.items() if cut > log.spans[p].start})
        return purged

    async def _purge_partition(self, log: LetterLog, choice: Choice, partition: int, last: int) -> tuple[int, int]:
        """How many letters there are to purge, and up to where they, and what is done, can be deleted."""
        span = log.spans[partition]
        done = await log.done(partition, span.start)
        count, keep, noted = 0, span.end, []
        async with aclosing(log.read(partition, span.start)) as records:
            async for letter in records:
                if letter.id.offset in done or letter.done is not None:
                    continue
                if letter.id.offset > last or not choice.holds(letter):
                    keep = min(keep, letter.id.offset)
                    continue
                count += 1
                if keep < span.end:
                    noted.append(letter.id)
        async with self._clients.producer() as producer:
            for start in range(0, len(noted), _NOTES_AT_ONCE):
                await write_notes(producer, log.topic, noted[start : start + _NOTES_AT_ONCE], PURGED)
        return count, keep


def read_offsets(value: object) -> dict[int, int]:
    """Offsets by partition; raises AdminError."""
    if not isinstance(value, dict) or not value:
        raise AdminError(400, "Invalid", 'upTo: maps partitions to their last offsets, such as {"0": 41}; give it')
    return {
        whole_number(partition, "upTo", low=0, high=1 << 31): whole_number(offset, "upTo", low=0, high=_MAX_OFFSET)
        for partition, offset in value.items()
    }
