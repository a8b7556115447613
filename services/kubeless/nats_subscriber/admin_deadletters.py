"""
Dead letters: list, show, purge, redrive. `kubeless deadletter` comes here through the API server's service proxy.

The subject is part of the query, for it may hold slashes, which not every proxy leaves alone in a path.
"""

import asyncio
from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import aclosing

from aiohttp import web

from kubeless.core.errors import InvalidInput, shorten
from kubeless.core.event import Event
from kubeless.core.jsontypes import JsonObject
from kubeless.delivery.admin.answers import read_object, stream_lines, whole_number
from kubeless.delivery.admin.errors import AdminError
from kubeless.delivery.admin.letters import Choice, details, read_choice, summary
from kubeless.delivery.admin.locks import LetterLocks
from kubeless.delivery.admin.names import MAX_LETTERS
from kubeless.delivery.admin.redrive import Redelivery, Round
from kubeless.manage.natsnames import check_subject, parse_sequence
from kubeless.nats_subscriber.admin_clients import Clients
from kubeless.nats_subscriber.admin_errors import explain
from kubeless.nats_subscriber.admin_letters import Letter, LetterStream, open_stream, original_event

_MAX_SEQUENCE = (1 << 63) - 1
_DELETIONS_AT_ONCE = 64


class DeadLetterRoutes:
    """The operations over HTTP."""

    def __init__(self, clients: Clients, redelivery: Redelivery, locks: LetterLocks) -> None:
        self._clients = clients
        self._redelivery = redelivery
        self._locks = locks

    async def list(self, request: web.Request) -> web.StreamResponse:
        """`GET /deadletters?subject=&trigger=&function=&after=&limit=`: `summary` of a letter a line."""
        query = request.query
        subject = check_subject(query.get("subject", ""))
        after = parse_sequence(query["after"]) if query.get("after") else 0
        limit = whole_number(query.get("limit"), "limit", low=1, high=MAX_LETTERS, default=MAX_LETTERS)
        choice = Choice(query.get("trigger", ""), query.get("function", ""))
        return await stream_lines(request, self._summaries(subject, choice, after, limit), explain)

    async def show(self, request: web.Request) -> web.StreamResponse:
        """`GET /deadletters/<sequence>?subject=`: `details` of one letter."""
        sequence = parse_sequence(request.match_info["sequence"])
        stream = await self._open(request)
        letter = await stream.find(sequence)
        if letter is None:
            raise stream.missing(sequence)
        return web.json_response(details(letter))

    async def purge(self, request: web.Request) -> web.StreamResponse:
        """
        `POST /deadletters/purge?subject=` of `{"upTo": 41, "trigger"?, "function"?}`: `{"purged": 42}`.

        What came since the caller looked has a sequence beyond `upTo` and is safe.
        """
        body = await read_object(request)
        choice, last = read_choice(body), whole_number(body.get("upTo"), "upTo", low=1, high=_MAX_SEQUENCE)
        stream = await self._open(request)
        async with self._locks.hold(stream.subject):
            return web.json_response({"purged": await _purge(stream, choice, last)})

    async def redrive(self, request: web.Request) -> web.StreamResponse:
        """`POST /deadletters/redrive?subject=` of `{"letters": ["12", …]}`: one line per letter, see `Round.run`."""
        letters = read_ids(await read_object(request))
        self._redelivery.check_ready()
        stream = await self._open(request)
        return await stream_lines(request, self._results(stream, letters), explain)

    async def _open(self, request: web.Request) -> LetterStream:
        return await open_stream(self._clients.jetstream(), check_subject(request.query.get("subject", "")))

    async def _summaries(self, subject: str, choice: Choice, after: int, limit: int) -> AsyncGenerator[JsonObject]:
        stream = await open_stream(self._clients.jetstream(), subject)
        async with aclosing(stream.letters(choice, after=after)) as letters:
            async for letter in letters:
                yield summary(letter)
                limit -= 1
                if not limit:
                    return

    async def _results(self, stream: LetterStream, letters: Sequence[int]) -> AsyncGenerator[JsonObject]:
        async with (
            self._locks.hold(stream.subject),
            Round(SubjectLetters(stream), self._redelivery, explain) as round_,
            aclosing(round_.run(letters)) as results,
        ):
            async for result in results:
                yield result


class SubjectLetters:
    """The letters of a subject, for a `Round`."""

    def __init__(self, stream: LetterStream) -> None:
        self.name = stream.subject
        self._stream = stream

    async def done(self, wanted: Sequence[int]) -> set[int]:
        """Those that the stream once had, and has no more."""
        last = await self._stream.last()
        return {each for each in wanted if each <= last and await self._stream.gone(each)}

    async def pick(self, wanted: Collection[int]) -> AsyncGenerator[tuple[int, Letter | None]]:
        """See `Letters`."""
        for sequence in sorted(wanted):
            yield sequence, await self._stream.find(sequence)

    def missing(self, wanted: int) -> AdminError:
        """See `Letters`."""
        return self._stream.missing(wanted)

    def event(self, letter: Letter) -> Event:
        """See `Letters`."""
        return original_event(letter)

    async def settle(self, delivered: Sequence[int]) -> None:
        """Delete them."""
        await _delete(self._stream, delivered)


def read_ids(body: JsonObject) -> list[int]:
    """The letters a request names, each once; raises InvalidInput."""
    value = body.get("letters")
    if not isinstance(value, list) or not value or len(value) > MAX_LETTERS:
        raise InvalidInput(f"letters: is no list of 1 to {MAX_LETTERS} IDs, got {shorten(value)}; list some of them")
    return list(dict.fromkeys(parse_sequence(str(each)) for each in value))


async def _purge(stream: LetterStream, choice: Choice, last: int) -> int:
    """Letters of a subject that holds nothing else are removed at once, others one by one."""
    chosen: list[int] = []
    shared = False
    async with aclosing(stream.messages()) as messages:
        async for message in messages:
            if message.id > last:
                break
            if choice.holds(message):
                chosen.append(message.id)
            else:
                shared = True
    if shared:
        await _delete(stream, chosen)
    elif chosen:
        await stream.delete_to(chosen[-1])
    return len(chosen)


async def _delete(stream: LetterStream, sequences: Sequence[int]) -> None:
    for start in range(0, len(sequences), _DELETIONS_AT_ONCE):
        await asyncio.gather(*(stream.delete(each) for each in sequences[start : start + _DELETIONS_AT_ONCE]))
