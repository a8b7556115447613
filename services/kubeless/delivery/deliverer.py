"""
Deliver the events of one trigger to one function, and tell the source what it may acknowledge.

An event is attempted until it succeeds, is refused, or runs out of attempts or time; then it becomes a dead letter, or
is let go where the trigger disables those. Only then is it `done`. An event that is given up in between (shutdown,
rebalance, a defect) is released: nobody calls its `done`, so its source delivers it again.

Events keep the order the policy asks for (see `lanes`), and no more than its concurrency are in flight at once:
started, and without a fate yet (see `carrier`). Time is that of the event loop.
"""

import asyncio
import random
import time
from collections.abc import Callable, Collection, Hashable, Iterable
from types import TracebackType
from typing import Self

from kubeless.core.event import Event
from kubeless.delivery.carrier import Carrier, Ending
from kubeless.delivery.counters import EventCounters
from kubeless.delivery.deadletter import DeadLetterSink
from kubeless.delivery.job import GivenUp, Job
from kubeless.delivery.lanes import Lanes
from kubeless.delivery.outcome import DropReason, Fate, Outcome
from kubeless.delivery.policy import DeliveryPolicy
from kubeless.delivery.sender import Sender
from kubeless.delivery.telemetry import SILENT, Telemetry
from kubeless.delivery.trigger import TriggerRef
from kubeless.kube.cache import ObjectKey

QUEUE_EVENTS = 256
"""Events wanted beyond those in flight, at least: enough that a slot never waits for the source's next batch."""
QUEUE_BYTES = 16 * 2**20
"""Bytes of bodies held, at which no more events are wanted."""


class Deliverer:
    """
    An async context manager that owns its tasks; leaving it releases everything that has no fate yet.

    A defect (a sender, sink or callback that raises what it must not) cancels the body, as in any task group.
    """

    def __init__(
        self,
        trigger: TriggerRef,
        function: ObjectKey,
        policy: DeliveryPolicy,
        *,
        sender: Sender,
        dead_letters: DeadLetterSink | None,
        counters: EventCounters,
        on_outcome: Callable[[Event, Outcome], None] | None = None,
        redelivers: bool = True,
        telemetry: Telemetry = SILENT,
        wall: Callable[[], float] = time.time,
        draw: Callable[[float, float], float] = random.uniform,
    ) -> None:
        """
        To be made within a running loop. `dead_letters` None: disabled. `on_outcome` is called with every outcome
        before the event meets its fate, for sources that reply. `redelivers` is whether the source delivers released
        events again; if it cannot, they count as dropped. `wall()` is the time since the Unix epoch, `draw(low, high)`
        the source of chance.
        """
        self.trigger = trigger
        self.function = function
        self._tally = counters.of(trigger, function)
        self._carrier = Carrier(
            trigger,
            function,
            policy,
            sender=sender,
            dead_letters=dead_letters,
            tally=self._tally,
            on_outcome=on_outcome,
            tracer=telemetry.tracer,
            wall=wall,
            draw=draw,
        )
        self._redelivers = redelivers
        self._log = telemetry.log
        self._trigger_name, self._function_name = str(trigger), str(function)
        self._concurrency = policy.concurrency
        self._lanes = Lanes(policy.order)
        self._started: set[Job] = set()
        self._bytes = 0
        self._open = False
        self._workers = 0
        self._starting = 0
        self._tasks = asyncio.TaskGroup()
        self._one_ended = asyncio.Event()
        self._now = asyncio.get_running_loop().time

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        self._open = True
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._close()
        _cancel(self._started)
        # Only a cancellation concerns the group: it may be its own, after a defect. Other errors are the caller's.
        cancelled = isinstance(error, asyncio.CancelledError)
        await self._tasks.__aexit__(*((kind, error, traceback) if cancelled else (None, None, None)))

    def __repr__(self) -> str:
        return f"<Deliverer {self.trigger} to {self.function} in_flight={self.in_flight} queued={self.queued}>"

    def offer(self, event: Event, done: Callable[[], None]) -> None:
        """
        Deliver `event`. Never blocks.

        `done` is called exactly once, when the event may be acknowledged: delivered, kept as a dead letter, or let go
        by policy; never if it is released. Once draining has begun, events are neither taken nor counted.
        """
        if not self._open:
            return
        self._tally.received += 1
        self._bytes += len(event.data)
        self._lanes.add(Job(event, done, self._now()))
        self._employ()

    @property
    def in_flight(self) -> int:
        """Events that have started and have no fate yet."""
        return len(self._started)

    @property
    def queued(self) -> int:
        """Events that wait for their lane or a slot."""
        return len(self._lanes)

    @property
    def free(self) -> int:
        """How many events more are wanted. Nothing breaks if more are offered: they wait in memory."""
        if not self._open or self._bytes >= QUEUE_BYTES:
            return 0
        wanted = self._concurrency + max(QUEUE_EVENTS, self._concurrency)
        return max(0, wanted - len(self._started) - len(self._lanes))

    @property
    def stuck(self) -> str | None:
        """Why a dead letter cannot be written, as long as one cannot."""
        return self._carrier.stuck

    @property
    def last_error(self) -> str | None:
        """Why the latest attempt failed; None if it did not."""
        return self._carrier.last_error or None

    def update(self, policy: DeliveryPolicy) -> None:
        """Go on under another policy. Attempts and pauses under way end under the old one."""
        if policy.order != self._carrier.policy.order:
            self._lanes.reorder(policy.order, self._started)
        self._carrier.policy = policy
        self._concurrency = policy.concurrency
        self._employ()

    def redirect(self, dead_letters: DeadLetterSink | None) -> None:
        """Write dead letters elsewhere from now on, or (None) let go of them; those that are stuck first."""
        self._carrier.dead_letters = dead_letters
        self._carrier.wake()

    def wake(self) -> None:
        """
        The function's endpoints have changed, or the dead letters' place is back: try at once what waits for either.
        """
        self._carrier.wake()

    async def release(self, partitions: Collection[Hashable], timeout: float) -> bool:
        """
        Let go of `partitions`, the rest goes on: as `drain` for events of these partitions, of which none may be
        offered meanwhile.
        """
        self._put_back(self._lanes.remove(partitions))
        ended = await self._finish({job for job in self._started if job.event.partition in partitions}, timeout)
        self._employ()
        return ended

    async def drain(self, timeout: float) -> bool:
        """
        Start nothing more, release what waits, and give what is being attempted `timeout` seconds to end. Whether all
        of that ended by itself; what did not is cancelled and released.

        An event that waits for its next attempt is released at once: whoever gets it next tries sooner than we would,
        and a function that fails does not hold up a shutdown or a rebalance.
        """
        self._close()
        return await self._finish(set(self._started), timeout)

    def _employ(self) -> None:
        """Have a task for each event that can start. It carries one event after the other as long as there are any."""
        while self._open and self._lanes.startable > self._starting and self._workers < self._concurrency:
            self._workers += 1
            self._starting += 1
            self._tasks.create_task(self._work())

    async def _work(self) -> None:
        self._starting -= 1
        task = asyncio.current_task()
        try:
            while self._open and self._workers <= self._concurrency and (job := self._lanes.take()) is not None:
                job.task = task
                self._started.add(job)
                await self._deliver(job)
        finally:
            self._workers -= 1

    async def _deliver(self, job: Job) -> None:
        """Bring one event to its fate, or release it if that is interrupted."""
        try:
            ending = await self._carrier.carry(job)
        except GivenUp:
            self._release(job)
        except asyncio.CancelledError:
            self._release(job)
            raise
        except BaseException:
            # A defect, on which the group ends everything: until it has, no successor may overtake this event.
            self._close()
            self._release(job)
            raise
        else:
            self._settle(job, ending)

    def _settle(self, job: Job, ending: Ending) -> None:
        seconds = self._now() - job.offered_at
        if ending.fate is Fate.DROPPED:
            self._tally.dropped_for(ending.reason, seconds)
        else:
            self._tally.settled(ending.fate, seconds)
        self._forget(job)
        if self._log is not None and self._log.wants(ending.fate):
            self._log.write(
                ending.fate,
                job.event.id,
                trigger=self._trigger_name,
                function=self._function_name,
                answer=ending.answer,
                attempts=ending.attempts,
                seconds=seconds,
            )
        job.done()

    def _release(self, job: Job) -> None:
        self._count_released(job)
        self._forget(job)

    def _count_released(self, job: Job) -> None:
        if self._redelivers:
            self._tally.released()
        else:
            self._tally.dropped_for(DropReason.INTERRUPTED, self._now() - job.offered_at)

    def _forget(self, job: Job) -> None:
        self._started.discard(job)
        self._bytes -= len(job.event.data)
        self._lanes.finish(job)
        self._one_ended.set()

    def _close(self) -> None:
        self._open = False
        self._put_back(self._lanes.clear())

    def _put_back(self, jobs: Collection[Job]) -> None:
        """Release events that have not started."""
        for job in jobs:
            self._count_released(job)
            self._bytes -= len(job.event.data)

    async def _finish(self, jobs: set[Job], timeout: float) -> bool:
        """Wait for `jobs` to end, and see to it that they have ended."""
        for job in jobs:
            job.leave()
        try:
            async with asyncio.timeout(timeout):
                await self._wait_ended(jobs)
        except TimeoutError:
            _cancel(jobs & self._started)
            await self._wait_ended(jobs)
            return False
        return True

    async def _wait_ended(self, jobs: set[Job]) -> None:
        while not jobs.isdisjoint(self._started):
            self._one_ended.clear()
            await self._one_ended.wait()


def _cancel(jobs: Iterable[Job]) -> None:
    for job in jobs:
        if job.task is not None:
            job.task.cancel()
