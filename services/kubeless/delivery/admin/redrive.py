"""
Redrive: deliver dead letters again, each to the very function it failed for.

The letter goes through the same engine as every other event (attempts, order, concurrency of its trigger), only that
what fails again becomes no second letter: the first one is still there. Once delivered, its place is told to settle it.
A crash in between means a second delivery under the same event id; nothing is ever lost.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, aclosing
from functools import partial
from typing import Any, Generic, Protocol, Self, TypeVar

import structlog

from kubeless.core.errors import KubelessError
from kubeless.core.event import Event
from kubeless.core.jsontypes import JsonObject
from kubeless.delivery.admin.errors import AdminError, Explain
from kubeless.delivery.admin.letters import StoredLetter, addressee
from kubeless.delivery.deadletter import DeadLetter, DeadLetterSink, reason
from kubeless.delivery.trigger import TriggerRef
from kubeless.kube.cache import ObjectKey

log = structlog.get_logger(__name__)

MAX_AGE = 60.0
"""Seconds for all attempts of one letter: somebody waits for the answer, and the letter is safe where it is."""

LetterId = TypeVar("LetterId")
Letter = TypeVar("Letter", bound=StoredLetter[Any])


class Offers(Protocol):
    """The part of a `delivery.deliverer.Deliverer` that a redrive needs."""

    @property
    def free(self) -> int:
        """How many more it wants now."""

    def offer(self, event: Event, done: Callable[[], None]) -> None:
        """Deliver the event, then call `done` once."""


class Redelivery(Protocol):
    """How the service delivers an event outside of its subscriptions."""

    def check_ready(self) -> None:
        """Raises AdminError 503 while functions may exist that are not known yet."""

    def open(
        self, trigger: TriggerRef, function: ObjectKey, *, sink: DeadLetterSink, max_age: float
    ) -> AbstractAsyncContextManager[Offers]:
        """
        A deliverer with the policy of the trigger (the default one if it is gone), for at most `max_age` per event.

        Raises KubelessError if there is no such function.
        """


class Letters(Protocol[LetterId, Letter]):
    """The place where the letters of one request are kept, such as a topic."""

    @property
    def name(self) -> str:
        """For the log."""

    async def done(self, wanted: Sequence[LetterId]) -> set[LetterId]:
        """Those that are known to be done already."""

    def pick(self, wanted: Collection[LetterId]) -> AsyncGenerator[tuple[LetterId, Letter | None]]:
        """The letters that are named, in the order they stand; None for what is no letter."""

    def missing(self, wanted: LetterId) -> AdminError:
        """The error for what is no letter."""

    def event(self, letter: Letter) -> Event:
        """The event it holds, as it was; raises KubelessError if that cannot be told."""

    async def settle(self, delivered: Sequence[LetterId]) -> None:
        """Keep durably that these are done; raises what the service can explain."""


class Round(Generic[LetterId, Letter]):
    """The letters of one request. Leaving it settles what was delivered, though nobody may want to know any more."""

    def __init__(self, letters: Letters[LetterId, Letter], redelivery: Redelivery, explain: Explain) -> None:
        self._letters = letters
        self._redelivery = redelivery
        self._explain = explain
        self._deliverers: dict[tuple[TriggerRef, ObjectKey], Offers] = {}
        self._failed = _Failures()
        self._ended: asyncio.Queue[tuple[LetterId, Event]] = asyncio.Queue()
        self._waiting = 0
        self._exit = AsyncExitStack()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._exit.aclose()
        if not self._ended.empty():
            await self._results(self._take())

    async def run(self, letters: Sequence[LetterId]) -> AsyncGenerator[JsonObject]:
        """
        Deliver them in the order they stand, as far as their lanes ask for it; each result as it comes:
        `{"id", "result", "status"?, "attempts"?, "error"?}`, where the result is `delivered`, `failed` (the letter
        stays), or `done` (it was redriven or purged before).
        """
        done = await self._letters.done(letters)
        for each in letters:
            if each in done:
                yield {"id": str(each), "result": "done"}
        async with aclosing(self._letters.pick([each for each in letters if each not in done])) as found:
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

    async def _offer(self, wanted: LetterId, letter: Letter | None) -> Offers:
        if letter is None:
            raise self._letters.missing(wanted)
        deliverer = await self._deliverer(*addressee(letter))
        event = self._letters.event(letter)
        deliverer.offer(event, partial(self._ended.put_nowait, (wanted, event)))
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

    def _take(self) -> list[tuple[LetterId, Event]]:
        return [self._ended.get_nowait() for _ in range(self._ended.qsize())]

    async def _results(self, ended: Sequence[tuple[LetterId, Event]]) -> list[JsonObject]:
        """Settle what was delivered, then tell."""
        self._waiting -= len(ended)
        failures = {letter_id: self._failed.take(event) for letter_id, event in ended}
        delivered = [letter_id for letter_id, failure in failures.items() if failure is None]
        problem = await self._settle(delivered)
        good: JsonObject = {"result": "delivered"} | ({"error": problem} if problem else {})
        bad: JsonObject = {"result": "failed"}
        return [
            {"id": str(letter_id)} | (good if failure is None else bad | failure)
            for letter_id, failure in failures.items()
        ]

    async def _settle(self, delivered: Sequence[LetterId]) -> str:
        """Why it could not be kept that these are done; empty if it was."""
        try:
            await self._letters.settle(delivered)
        except Exception as error:  # `explain` raises again what nobody foresaw
            failed = self._explain(error, "delivered, but that could not be noted: the next redrive delivers it again")
            log.warning("redriven dead letters not noted", place=self._letters.name, error=str(failed))
            return str(failed)
        return ""


class _Failures:
    """
    In place of what keeps dead letters: what failed again, by the very event that was offered.

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
