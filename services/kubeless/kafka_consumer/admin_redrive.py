"""
Redrive: deliver dead letters again, each to the very function it failed for.

The letter goes through the same engine as every other event (attempts, order, concurrency of its trigger), only that
what fails again becomes no second letter: the first one is still there. Once delivered, that is noted in the topic (see
`admin_letters`). A crash in between means a second delivery under the same event id; nothing is ever lost.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, aclosing
from functools import partial
from typing import Protocol

import structlog
from aiohttp import web
from aiokafka import AIOKafkaProducer

from kubeless.core.errors import InvalidInput, KubelessError, shorten
from kubeless.core.event import Event
from kubeless.core.jsontypes import JsonObject
from kubeless.delivery.deadletter import DeadLetter, DeadLetterSink, reason
from kubeless.delivery.trigger import TriggerRef
from kubeless.kafka_consumer.admin_answers import read_object, stream_lines
from kubeless.kafka_consumer.admin_clients import Clients
from kubeless.kafka_consumer.admin_errors import AdminError, explain
from kubeless.kafka_consumer.admin_letterlog import LetterLog, open_log, write_notes
from kubeless.kafka_consumer.admin_letters import REDRIVEN, Letter, original_event
from kubeless.kafka_consumer.admin_locks import TopicLocks
from kubeless.kafka_consumer.admin_names import MAX_LETTERS, LetterId, check_topic
from kubeless.kube.cache import ObjectKey

log = structlog.get_logger(__name__)

MAX_AGE = 60.0
"""Seconds for all attempts of one letter: somebody waits for the answer, and the letter is safe where it is."""


class Offers(Protocol):
    """The part of a `delivery.deliverer.Deliverer` that a redrive needs."""

    @property
    def free(self) -> int:
        """How many more it wants now."""

    def offer(self, event: Event, done: Callable[[], None]) -> None:
        """Deliver the event, then call `done` once."""


class Redelivery(Protocol):
    """How the service delivers an event outside of its subscriptions."""

    def open(
        self, trigger: TriggerRef, function: ObjectKey, *, sink: DeadLetterSink, max_age: float
    ) -> AbstractAsyncContextManager[Offers]:
        """
        A deliverer with the policy of the trigger (the default one if it is gone), for at most `max_age` per event.

        Raises KubelessError if there is no such function.
        """


class RedriveRoutes:
    """The operation over HTTP."""

    def __init__(self, clients: Clients, redelivery: Redelivery, locks: TopicLocks) -> None:
        self._clients = clients
        self._redelivery = redelivery
        self._locks = locks

    async def redrive(self, request: web.Request) -> web.StreamResponse:
        """
        `POST /deadletters/<topic>/redrive` of `{"letters": ["0/12", …]}`: one line per letter as it ends.

        `{"id", "result", "status"?, "attempts"?, "error"?}`, where the result is `delivered`, `failed` (the letter
        stays), or `done` (it was redriven or purged before).
        """
        topic = check_topic(request.match_info["topic"])
        letters = read_ids(await read_object(request))
        return await stream_lines(request, self._results(topic, letters))

    async def _results(self, topic: str, letters: Sequence[LetterId]) -> AsyncGenerator[JsonObject]:
        async with (
            self._locks.hold(topic),
            open_log(self._clients, topic) as letter_log,
            self._clients.producer() as producer,
            Round(letter_log, producer, self._redelivery) as round_,
            aclosing(round_.run(letters)) as results,
        ):
            async for result in results:
                yield result


class Round:
    """The letters of one request. Leaving it notes what was delivered, though nobody may want to know any more."""

    def __init__(self, letter_log: LetterLog, producer: AIOKafkaProducer, redelivery: Redelivery) -> None:
        self._log = letter_log
        self._producer = producer
        self._redelivery = redelivery
        self._deliverers: dict[tuple[TriggerRef, ObjectKey], Offers] = {}
        self._failed = _Failures()
        self._ended: asyncio.Queue[tuple[Letter, Event]] = asyncio.Queue()
        self._waiting = 0
        self._exit = AsyncExitStack()

    async def __aenter__(self) -> "Round":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._exit.aclose()
        if not self._ended.empty():
            await self._results(self._take())

    async def run(self, letters: Sequence[LetterId]) -> AsyncGenerator[JsonObject]:
        """Deliver them in the order they stand, as far as their lanes ask for it; each result as it comes."""
        done = await self._done(letters)
        for each in letters:
            if each in done:
                yield {"id": str(each), "result": "done"}
        async with aclosing(self._log.pick([each for each in letters if each not in done])) as found:
            async for wanted, letter in found:
                try:
                    deliverer = await self._offer(wanted, letter)
                except KubelessError as error:
                    yield {"id": str(wanted), "result": "failed", "error": str(error)}
                    continue
                while self._waiting and (deliverer.free <= 0 or not self._ended.empty()):
                    for result in await self._next():
                        yield result
        while self._waiting:
            for result in await self._next():
                yield result

    async def _done(self, letters: Sequence[LetterId]) -> set[LetterId]:
        """Those of `letters` that are done already."""
        first: dict[int, int] = {}
        for letter in letters:
            first[letter.partition] = min(letter.offset, first.get(letter.partition, letter.offset))
        known = first.keys() & self._log.spans.keys()
        return {LetterId(each, offset) for each in known for offset in await self._log.done(each, first[each])}

    async def _offer(self, wanted: LetterId, letter: Letter | None) -> Offers:
        if letter is None:
            raise self._log.missing(wanted)
        deliverer = await self._deliverer(*addressee(letter))
        event = original_event(letter)
        deliverer.offer(event, partial(self._ended.put_nowait, (letter, event)))
        self._waiting += 1
        return deliverer

    async def _deliverer(self, trigger: TriggerRef, function: ObjectKey) -> Offers:
        found = self._deliverers.get((trigger, function))
        if found is None:
            opened = self._redelivery.open(trigger, function, sink=self._failed, max_age=MAX_AGE)
            found = self._deliverers[trigger, function] = await self._exit.enter_async_context(opened)
        return found

    async def _next(self) -> list[JsonObject]:
        """The results of what has ended; waits for one."""
        return await self._results([await self._ended.get(), *self._take()])

    def _take(self) -> list[tuple[Letter, Event]]:
        return [self._ended.get_nowait() for _ in range(self._ended.qsize())]

    async def _results(self, ended: Sequence[tuple[Letter, Event]]) -> list[JsonObject]:
        """Note what was delivered, then tell."""
        self._waiting -= len(ended)
        failures = {letter.id: self._failed.take(event) for letter, event in ended}
        delivered = [letter_id for letter_id, failure in failures.items() if failure is None]
        problem = await self._note(delivered)
        good: JsonObject = {"result": "delivered"} | ({"error": problem} if problem else {})
        bad: JsonObject = {"result": "failed"}
        return [
            {"id": str(letter_id)} | (good if failure is None else bad | failure)
            for letter_id, failure in failures.items()
        ]

    async def _note(self, delivered: Sequence[LetterId]) -> str:
        """Why it could not be noted; empty if it was."""
        try:
            await write_notes(self._producer, self._log.topic, delivered, REDRIVEN)
        except Exception as error:  # `explain` raises again what nobody foresaw
            failed = explain(error, "delivered, but that could not be noted: the next redrive delivers it again")
            log.warning("redriven dead letters not noted", topic=self._log.topic, error=str(failed))
            return str(failed)
        return ""


class _Failures:
    """
    In place of a dead-letter topic: what failed again, by the very event that was offered.

    Its id would not do: one event may have failed for two functions, or become a letter twice, and what failed must not
    pass for delivered because of its twin.
    """

    def __init__(self) -> None:
        self._facts: dict[int, JsonObject] = {}

    async def write(self, letter: DeadLetter) -> None:
        """Keep the facts for the answer."""
        outcome = letter.outcome
        error = outcome.error or reason(outcome)
        self._facts[id(letter.event)] = {"status": outcome.status, "attempts": outcome.attempts, "error": error}

    def take(self, event: Event) -> JsonObject | None:
        """The facts of an event that failed; None if it was delivered."""
        return self._facts.pop(id(event), None)


def read_ids(body: JsonObject) -> list[LetterId]:
    """The letters a request names, each once; raises InvalidInput."""
    value = body.get("letters")
    if not isinstance(value, list) or not value or len(value) > MAX_LETTERS:
        raise InvalidInput(f"letters: is no list of 1 to {MAX_LETTERS} IDs, got {shorten(value)}; list some of them")
    return list(dict.fromkeys(LetterId.parse(str(each)) for each in value))


def addressee(letter: Letter) -> tuple[TriggerRef, ObjectKey]:
    """
    Whom a letter is for.

    Raises AdminError for one that does not say, and for one that names a function in another namespace than its
    trigger's: a trigger calls functions of its own only, so somebody else wrote that.
    """
    trigger, function = letter.trigger, letter.function
    if trigger is None or function is None or trigger.namespace != function.namespace:
        raise AdminError(422, "NoAddressee", f"dead letter {letter.id} does not say which function it failed for")
    return trigger, function
