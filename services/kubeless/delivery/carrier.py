"""
The way of one event: attempts and pauses, and then, if it came to nothing, its dead letter.

An event that waits for its next attempt keeps its lane, for its successors must not overtake it, and the one slot it
has. It does not give the slot away meanwhile: then a function that fails would be handed every event there is at once,
and the bound on events in flight would hold only while nothing is wrong. It takes no more than this slot either: its
successors wait outside, so other lanes go on with all the others.

If a dead letter cannot be written, the event stays where it is, and its lane with it; `stuck` says why, and it is tried
again until it can.
"""

import asyncio
import random
import time
from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple

import structlog

from kubeless.core.backoff import Backoff
from kubeless.core.event import Event
from kubeless.core.tracing import Tracer
from kubeless.delivery.counters import Tally
from kubeless.delivery.deadletter import DeadLetter, DeadLetterFailed, DeadLetterSink, NoPlace
from kubeless.delivery.job import Job
from kubeless.delivery.outcome import Answer, Delivered, DropReason, Exhausted, Fate, Outcome, Refused
from kubeless.delivery.policy import DeliveryPolicy, End, decide, judge
from kubeless.delivery.sender import Sender
from kubeless.delivery.spans import event_spans
from kubeless.delivery.trigger import TriggerRef
from kubeless.kube.cache import ObjectKey

log = structlog.get_logger(__name__)

WRITE_TIMEOUT = 30.0
"""Seconds for one try to write a dead letter."""

_OUTCOMES: dict[End, type[Outcome]] = {End.DELIVERED: Delivered, End.REFUSED: Refused, End.EXHAUSTED: Exhausted}


class Ending(NamedTuple):
    """How the way of an event ended."""

    fate: Fate
    answer: Answer
    """The last one."""
    attempts: int
    reason: DropReason = DropReason.EXHAUSTED
    """Why it was dropped, if it was."""


class Carrier:
    """Carries events of one trigger to one function; many at a time, each in a task of its caller."""

    def __init__(
        self,
        trigger: TriggerRef,
        function: ObjectKey,
        policy: DeliveryPolicy,
        *,
        sender: Sender,
        dead_letters: DeadLetterSink | None,
        tally: Tally,
        on_outcome: Callable[[Event, Outcome], None] | None = None,
        tracer: Tracer | None = None,
        wall: Callable[[], float] = time.time,
        draw: Callable[[float, float], float] = random.uniform,
    ) -> None:
        """See `Deliverer`."""
        self.policy = policy
        """May be replaced; counts from the next attempt."""
        self.dead_letters = dead_letters
        """May be replaced, for dead letters that could not be written yet too."""
        self.last_error = ""
        """Why the latest attempt failed; empty if it did not."""
        self._trigger = trigger
        self._function = function
        self._sender = sender
        self._tally = tally
        self._on_outcome = on_outcome
        self._tracer = tracer
        self._wall = wall
        self._draw = draw
        self._now = asyncio.get_running_loop().time
        self._without_endpoint: set[Job] = set()
        self._stuck: dict[Job, str] = {}

    @property
    def stuck(self) -> str | None:
        """Why a dead letter cannot be written, as long as one cannot."""
        return next(iter(self._stuck.values()), None)

    def wake(self) -> None:
        """Try at once what waits for an endpoint, or for its dead letter to be written."""
        for job in (*self._without_endpoint, *self._stuck):
            job.wake()

    def carry(self, job: Job) -> Coroutine[Any, Any, Ending]:
        """
        To be awaited: returns when the event has a fate.

        Raises GivenUp when it is to leave (see `Job.leave`), and whatever defect a sender, sink or callback has.
        """
        return self._carry(job, self._sender) if self._tracer is None else self._carry_traced(job, self._tracer)

    async def _carry_traced(self, job: Job, tracer: Tracer) -> Ending:
        waited = self._now() - job.offered_at
        spans = event_spans(tracer, job.event, self._trigger, self._function, waited=waited, sender=self._sender)
        if spans is None:
            return await self._carry(job, self._sender)
        try:
            ending = await self._carry(job, spans)
        except BaseException:
            spans.end(Fate.RELEASED, "given back")
            raise
        spans.end(ending.fate, ending.answer.error)
        return ending

    async def _carry(self, job: Job, sender: Sender) -> Ending:
        began = self._now()
        attempts = tries = 0
        while True:
            policy = self.policy
            answer = await sender.send(job.event, self._function, policy.timeout)
            tries += 1
            attempts += answer.sent
            age = self._now() - began
            verdict = judge(answer)
            self._tally.attempted(answer, verdict)
            self.last_error = answer.error
            step = decide(
                verdict,
                policy,
                attempts=attempts,
                tries=tries,
                age=age,
                retry_after=answer.retry_after,
                draw=self._draw,
            )
            if isinstance(step, End):
                break
            await self._pause(job, step, answer)
        if step is End.DELIVERED and self._on_outcome is None:
            return Ending(Fate.DELIVERED, answer, attempts)
        outcome = _OUTCOMES[step](answer, attempts, age)
        if self._on_outcome is not None:
            self._on_outcome(job.event, outcome)
        if step is End.DELIVERED:
            return Ending(Fate.DELIVERED, answer, attempts)
        try:
            return Ending(await self._fate_of(job, outcome), answer, attempts)
        except NoPlace:
            return Ending(Fate.DROPPED, answer, attempts, DropReason.NO_DEAD_LETTER)

    async def _pause(self, job: Job, seconds: float, answer: Answer) -> None:
        if answer.sent:
            await job.pause(seconds)
            return
        self._without_endpoint.add(job)
        try:
            await job.pause(seconds)
        finally:
            self._without_endpoint.discard(job)

    async def _fate_of(self, job: Job, outcome: Outcome) -> Fate:
        if not isinstance(outcome, Refused | Exhausted):
            return Fate.DELIVERED
        ended = self._wall()
        letter = DeadLetter(job.event, self._trigger, self._function, outcome, ended - outcome.duration, ended)
        if await self._bury(job, letter):
            return Fate.DEAD_LETTERED
        return Fate.REFUSED if isinstance(outcome, Refused) else Fate.DROPPED

    async def _bury(self, job: Job, letter: DeadLetter) -> bool:
        """Return True once the dead letter is kept, False if none is wanted (any more)."""
        backoff = Backoff(draw=self._draw)
        try:
            while (sink := self.dead_letters) is not None:
                failure = await _write(sink, letter)
                if failure is None:
                    return True
                if not self._stuck:
                    # Once per spell of trouble: every event that fails meanwhile would say the same.
                    log.error(
                        "dead letter cannot be written, so its lane stops",
                        trigger=str(self._trigger),
                        function=str(self._function),
                        event_id=job.event.id,
                        error=failure,
                    )
                self._stuck[job] = failure
                await job.pause(backoff.next())
            return False
        finally:
            self._stuck.pop(job, None)


async def _write(sink: DeadLetterSink, letter: DeadLetter) -> str | None:
    """Try once. Why it failed, or None."""
    try:
        async with asyncio.timeout(WRITE_TIMEOUT):
            await sink.write(letter)
    except DeadLetterFailed as error:
        return str(error)
    except TimeoutError:
        return f"not written within {WRITE_TIMEOUT:g} s"
    return None
