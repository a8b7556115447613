"""
Call functions when their triggers are due: what the one replica does that leads.

One heap knows what is due next. Half a second before it is, the time is claimed in the journal, so that it can be
called for on the dot; a replica whose claim fails because another one has written since gives way. Where there may be
another one, nothing is called for that could not be claimed: it waits until the API server is back. Each time is
decided about by `due.plan`, and never twice while the process lives.

The wall clock is looked at every second at least: nobody is told when it is set, or when the machine wakes up.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import NoReturn, Self

import structlog

from kubeless.api.cronjobtrigger import CronJobTriggerSpec
from kubeless.core.backoff import Backoff
from kubeless.cron_scheduler.clock import StepWatch, steady
from kubeless.cron_scheduler.due import Plan, Skip, plan
from kubeless.cron_scheduler.dueheap import DueHeap
from kubeless.cron_scheduler.journal import Call, Deposed, JournalLike, Page, bounded
from kubeless.cron_scheduler.metrics import CronMetrics
from kubeless.cron_scheduler.parting import Parting
from kubeless.cron_scheduler.plans import first_watermark, next_watermark
from kubeless.cron_scheduler.runs import Runs
from kubeless.cron_scheduler.triggers import CronTrigger
from kubeless.kube.cache import ObjectKey
from kubeless.kube.errors import KubeError
from kubeless.routing.functions import FunctionRecord

log = structlog.get_logger(__name__)

LEAD = 0.5
"""Seconds before a time at which it is claimed."""
CLAIM_PATIENCE = 5.0
"""Seconds for a claim where others may claim, too; an API server that is slow makes calls late, and loses none."""
FRESH = 3.0
"""Seconds after which a claim is repeated before it is acted upon: this process may have been frozen since."""
LOOK = 1.0
"""Seconds between two looks at the clock, at most."""
SETTLE = 0.05
PACE = 0.25
"""Seconds after a call has ended, and between two notes of that in the journal."""
ACTIVE_LIMIT = 100
"""Calls of one trigger that have not ended, beyond which times are skipped."""
BREATH = 20
"""Triggers that are dealt with before their calls are sent and other tasks get their turn."""

Functions = Callable[[str, CronJobTriggerSpec], Sequence[FunctionRecord]]
"""The functions that a spec in a namespace means now."""


@dataclass(slots=True)
class Entry:
    """A trigger, and up to which moment its times were dealt with."""

    trigger: CronTrigger
    watermark: float
    dealt: int = 0
    """The latest time of the schedule that was; 0: none since we lead."""


class Scheduler:
    """
    The schedules of all triggers. `lead` runs while this replica leads, as often as it does; the rest is called on the
    same loop.
    """

    def __init__(
        self,
        *,
        runs: Runs,
        functions: Functions,
        journal: Callable[[], JournalLike],
        metrics: CronMetrics,
        grace: float,
        alone: bool = False,
        wall: Callable[[], float] = time.time,
        unmoved: Callable[[], float] = steady,
    ) -> None:
        """
        `journal` makes one for each time we lead, all of one holder. `grace` is seconds, see `due`. `alone`: there can
        be no other scheduler, so what cannot be claimed is called for all the same.
        """
        self._runs = runs
        self._functions = functions
        self._make_journal = journal
        self._metrics = metrics
        self._grace = grace
        self._alone = alone
        self._wall = wall
        self._unmoved = unmoved
        self._triggers: dict[ObjectKey, CronTrigger] = {}
        self._entries: dict[ObjectKey, Entry] = {}
        self._heap = DueHeap()
        self._changed = asyncio.Event()
        self._ended = asyncio.Event()
        self._leading = False
        self._stopping = False
        self._released = False
        self._claimed = 0
        self._claimed_at = 0.0
        self._done = 0
        self._journal: JournalLike | None = None
        self._parting = Parting()
        self._jumped_from: float | None = None
        self._ahead: set[tuple[ObjectKey, int]] = set()
        self.on_change: Callable[[ObjectKey], None] = lambda _key: None
        """Called when there is news for the status of a trigger."""
        self.on_quiet: Callable[[float], None] = lambda _seconds: None
        """Called when nothing is due for so many seconds; may take that long."""
        runs.on_end = self._call_ended

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Self]:
        """To be entered before `lead` is called, and left after it has ended."""
        async with self._parting.running():
            yield self

    @property
    def leading(self) -> bool:
        """Whether this replica makes the calls."""
        return self._leading

    def triggers(self) -> list[ObjectKey]:
        """All triggers."""
        return list(self._triggers)

    def trigger(self, key: ObjectKey) -> CronTrigger | None:
        """What is known of one."""
        return self._triggers.get(key)

    def entry(self, key: ObjectKey) -> Entry | None:
        """How far a trigger is; None unless we lead."""
        return self._entries.get(key)

    def next_due(self, key: ObjectKey) -> int | None:
        """When a trigger is due next; None: never, or we do not lead."""
        return self._heap.get(key)

    def trigger_changed(self, key: ObjectKey, _old: CronTrigger | None, new: CronTrigger | None) -> None:
        """The informer's handler."""
        old = self._triggers.get(key)
        if new is None:
            self._forget(key)
            return
        self._triggers[key] = new
        if not self._leading:
            return
        entry = self._entries.get(key)
        now = self._wall()
        if entry is None:
            self._entries[key] = Entry(new, next_watermark(None, new, 0.0, now=now))
        else:
            entry.watermark = next_watermark(old, new, entry.watermark, now=now)
            entry.trigger = new
        self._set_due(key)
        # Also after a change of the status alone: a write of ours may have failed for it.
        self.on_change(key)

    async def lead(self) -> NoReturn:
        """Call what is due until cancelled."""
        taken_before = False
        try:
            while True:
                journal = self._journal = self._make_journal()
                try:
                    async with self._parting.turn:
                        page = await _persist(journal.retake if taken_before else journal.take)
                        taken_before = True
                        self._begin(self._parting.known(page))
                    async with asyncio.TaskGroup() as group:
                        group.create_task(self._note_forever(journal), name="journal of ended calls")
                        group.create_task(self._run(journal), name="due times")
                except* Deposed as group_of:
                    log.warning("another replica has taken over", error=str(group_of.exceptions[0]))
                    taken_before = True
                    self._give_up()
        finally:
            self._give_up()

    async def drain(self, timeout: float) -> None:
        """Start nothing more, let calls end, and tell the next leader which ones have not."""
        self._stopping = True
        self._changed.set()
        if not self._leading or self._journal is None:
            return
        await self._runs.ended(timeout)
        self._released = True
        with suppress(KubeError, Deposed, TimeoutError):
            async with asyncio.timeout(LOOK):
                await self._write(self._journal)

    def _begin(self, page: Page) -> None:
        now = self._wall()
        self._heap, self._ahead, self._jumped_from = DueHeap(), set(), None
        self._entries = {
            key: Entry(trigger, first_watermark(trigger, page, now=now, grace=self._grace))
            for key, trigger in self._triggers.items()
        }
        self._claimed, self._done = 0, page.done
        self._leading = True
        self._metrics.leading.set(1)
        for call in page.open:
            self._repeat(call)
        for key in self._entries:
            self._set_due(key)
            self.on_change(key)
        log.info("scheduling", triggers=len(self._entries), repeated=len(page.open))

    def _give_up(self) -> None:
        if self._leading and self._journal is not None:
            if not self._released:
                self._parting.leave(self._journal, self._page(self._journal.holder))
            self._runs.abandon()
        self._leading = False
        self._metrics.leading.set(0)
        self._metrics.due.set(0)
        self._entries.clear()
        self._heap = DueHeap()

    def _repeat(self, call: Call) -> None:
        """Nobody knows whether this call, of a leader that is gone, has ended: it is made once more, with its id."""
        entry = self._entries.get(ObjectKey(call.namespace, call.trigger))
        spec = entry.trigger.active if entry is not None else None
        if entry is None or spec is None:
            return
        functions = [each for each in self._functions(call.namespace, spec) if each.name == call.function]
        self._runs.start(entry.trigger.record.metadata, spec, call.time, functions)

    def _forget(self, key: ObjectKey) -> None:
        gone = self._triggers.pop(key, None)
        self._entries.pop(key, None)
        self._heap.put(key, None)
        if gone is not None:
            self._runs.forget(key, gone.record.metadata.uid)

    def _set_due(self, key: ObjectKey) -> None:
        entry = self._entries[key]
        schedule = entry.trigger.schedule
        self._put_due(key, None if entry.trigger.active is None or schedule is None else schedule.next(entry.watermark))

    def _put_due(self, key: ObjectKey, due: int | None) -> None:
        before = self._heap.first()
        self._heap.put(key, due)
        self._metrics.due.set(len(self._heap))
        if due is not None and (before is None or due < before):
            self._changed.set()

    async def _run(self, journal: JournalLike) -> NoReturn:
        watch = StepWatch(self._wall, self._unmoved)
        while True:
            if step := watch.look():
                self._clock_was_set(step)
            now = self._wall()
            due = None if self._stopping else self._heap.first()
            if due is None or due - LEAD > now:
                quiet = LOOK if due is None else due - LEAD - now
                self.on_quiet(quiet)
                await self._wait(quiet)
            elif due > self._claimed or self._unmoved() - self._claimed_at > FRESH:
                await self._claim(journal, max(due, int(now)))
            elif due > now:
                await self._wait(due - now)
            else:
                await self._deal(now)

    async def _wait(self, seconds: float) -> None:
        self._changed.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(min(seconds, LOOK)):
                await self._changed.wait()

    async def _claim(self, journal: JournalLike, moment: int) -> None:
        """
        Say that we are about to call for all times up to `moment`.

        Without the API server another scheduler may be at it: then nothing is claimed, and we try again soon.
        """
        # One who comes late may claim what is due, and no more.
        before, self._claimed = self._claimed, max(moment, self._claimed)
        try:
            async with asyncio.timeout(max(LEAD, moment - self._wall() + LEAD) if self._alone else CLAIM_PATIENCE):
                await self._write(journal)
        except (KubeError, TimeoutError) as error:
            log.warning("cannot claim a time", goes_on=self._alone, error=str(error) or type(error).__name__)
            if not self._alone:
                self._claimed = before
                await asyncio.sleep(PACE)
                return
        self._claimed_at = self._unmoved()

    async def _deal(self, now: float) -> None:
        """Decide about every trigger that is due, and act."""
        count = 0
        while (key := self._heap.pop(min(now, self._claimed))) is not None:
            self._deal_with(key, now)
            count += 1
            if count % BREATH == 0:
                await asyncio.sleep(0)
        self._done = max(self._done, min(int(now), self._claimed))
        self._ended.set()

    def _deal_with(self, key: ObjectKey, now: float) -> None:
        entry = self._entries[key]
        spec, schedule = entry.trigger.active, entry.trigger.schedule
        if spec is None or schedule is None:
            return
        decided = plan(
            schedule,
            after=entry.watermark,
            now=now,
            grace=self._grace,
            deadline=spec.starting_deadline_seconds,
            catch_up=spec.catch_up,
        )
        for reason, count in decided.skipped.items():
            self._metrics.skipped.labels(reason.value).inc(count)
        self._fire(key, entry, spec, decided)
        if decided.dealt is not None:
            entry.watermark = entry.dealt = decided.dealt
        self._put_due(key, decided.following)
        self.on_change(key)

    def _fire(self, key: ObjectKey, entry: Entry, spec: CronJobTriggerSpec, decided: Plan) -> None:
        functions = self._functions(key.namespace, spec) if decided.fire else ()
        for moment in decided.fire:
            if (key, moment) in self._ahead:
                continue
            refusal = self._refusal(key, spec, functions)
            if refusal is not None:
                self._metrics.skipped.labels(refusal.value).inc()
                continue
            if spec.concurrency_policy == "Replace":
                self._runs.cancel(key)
            self._runs.start(entry.trigger.record.metadata, spec, moment, functions)
            if self._jumped_from is not None:
                self._ahead.add((key, moment))

    def _refusal(self, key: ObjectKey, spec: CronJobTriggerSpec, functions: Sequence[FunctionRecord]) -> Skip | None:
        if not functions:
            return Skip.NO_FUNCTION
        active = self._runs.active(key)
        if active and spec.concurrency_policy == "Forbid":
            return Skip.CONCURRENCY
        return Skip.OVERLOAD if active >= ACTIVE_LIMIT and spec.concurrency_policy == "Allow" else None

    def _clock_was_set(self, step: float) -> None:
        """
        Forward: what was jumped over is late, and dealt with as such. If the clock is then set back, the times that
        come again are due again, but for those that were called for.
        """
        now = self._wall()
        log.warning("the clock was set", seconds=round(step, 1))
        if step > 0:
            if self._jumped_from is None:
                self._jumped_from, self._ahead = now - step, set()
            return
        self._claimed, self._done = min(self._claimed, int(now)), min(self._done, int(now))
        if self._jumped_from is None:
            return
        back_to = max(now, self._jumped_from)
        self._jumped_from = None
        for key, entry in self._entries.items():
            if entry.watermark > back_to:
                entry.watermark = back_to
                self._set_due(key)

    def _call_ended(self, key: ObjectKey) -> None:
        self._ended.set()
        self.on_change(key)

    async def _note_forever(self, journal: JournalLike) -> NoReturn:
        """Tell the journal what has ended, soon and not often."""
        while True:
            await self._ended.wait()
            await asyncio.sleep(SETTLE)
            self._ended.clear()
            try:
                await self._write(journal)
            except KubeError as error:
                log.debug("cannot write the journal", error=str(error))
                self._ended.set()
                await asyncio.sleep(LOOK)
            await asyncio.sleep(PACE)

    async def _write(self, journal: JournalLike) -> None:
        self._metrics.journal_writes.inc()
        await journal.write(self._page)

    def _page(self, holder: str) -> Page:
        if self._released:
            return bounded("", self._done, self._done, self._runs.open())
        return bounded(holder, self._claimed, self._done, self._runs.open())


async def _persist(take: Callable[[], Awaitable[Page]]) -> Page:
    """Take the journal, however long the API server is away; raises Deposed."""
    backoff = Backoff(maximum=2.0)
    while True:
        try:
            return await take()
        except Deposed:
            raise
        except KubeError as error:
            log.warning("cannot take the journal", error=str(error))
        await asyncio.sleep(backoff.next())
