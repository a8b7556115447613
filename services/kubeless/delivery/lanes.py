"""
Which of the events that wait may start next: order without a task or a queue per key.

Events of one lane go one after the other in the order they came; lanes know nothing of each other. What a lane is
depends on the order a trigger asks for: a partition, a key within a partition, or (no order) no lane at all. Of all
events that may start, the oldest starts first: a source can acknowledge only as far as its oldest event is done, and no
busy key starves the others.
"""

from collections import deque
from collections.abc import Callable, Collection, Hashable
from heapq import heapify, heappop, heappush

from kubeless.api.delivery import Order
from kubeless.core.event import Event
from kubeless.delivery.job import Job

Lane = Hashable
"""What is compared. None: the event is in no lane."""


class Lanes:
    """
    Events that wait, and the lanes that are taken by those that have started. Time per event does not depend on how
    many wait.
    """

    def __init__(self, order: Order) -> None:
        self._lane_of = _LANE_OF[order]
        self._count = 0
        self._number = 0
        self._fresh: deque[Job] = deque()
        """May start; they came with a free lane, so they stand in the order they came."""
        self._freed: list[tuple[int, Job]] = []
        """May start since their predecessor ended; a heap."""
        self._taken: dict[Lane, deque[Job] | None] = {}
        """Who waits behind the event that has started, or may start, in a lane. None: nobody yet."""
        self._shared: dict[Lane, int] = {}
        """Started events of a lane beyond the first: only after `reorder`."""

    def __len__(self) -> int:
        """How many wait, whether they may start or not."""
        return self._count

    @property
    def startable(self) -> int:
        """How many may start now."""
        return len(self._fresh) + len(self._freed)

    def add(self, job: Job) -> None:
        """Put `job` behind those that came before it."""
        self._number += 1
        job.number = self._number
        self._place(job)
        self._count += 1

    def take(self) -> Job | None:
        """The oldest that may start; its lane is taken until `finish`. None: none may start."""
        fresh, freed = self._fresh, self._freed
        if freed and (not fresh or freed[0][0] < fresh[0].number):
            job = heappop(freed)[1]
        elif fresh:
            job = fresh.popleft()
        else:
            return None
        self._count -= 1
        return job

    def finish(self, job: Job) -> None:
        """A job that was taken has ended: the next one of its lane may start."""
        lane = job.lane
        if lane is None:
            return
        if self._shared and self._is_shared(lane):
            return
        waiting = self._taken[lane]
        if waiting:
            follower = waiting.popleft()
            heappush(self._freed, (follower.number, follower))
        else:
            del self._taken[lane]

    def remove(self, partitions: Collection[Hashable]) -> list[Job]:
        """Take out all that wait and are of one of `partitions`; lanes of those that have started stay taken."""
        return self._rebuild(lambda job: job.event.partition in partitions)

    def clear(self) -> list[Job]:
        """Take out all that wait."""
        return self._rebuild(lambda _: True)

    def reorder(self, order: Order, started: Collection[Job]) -> None:
        """
        Keep another order from now on. What has started goes on; what waits starts when all of its new lane has ended.
        """
        waiting = self.clear()
        self._lane_of = _LANE_OF[order]
        self._taken.clear()
        self._shared.clear()
        for job in started:
            job.lane = self._lane_of(job.event)
            if job.lane is None:
                continue
            if job.lane in self._taken:
                self._shared[job.lane] = self._shared.get(job.lane, 0) + 1
            self._taken[job.lane] = None
        for job in waiting:
            self._place(job)
        self._count = len(waiting)

    def _place(self, job: Job) -> None:
        lane = job.lane = self._lane_of(job.event)
        if lane is None:
            self._fresh.append(job)
        elif lane not in self._taken:
            self._taken[lane] = None
            self._fresh.append(job)
        else:
            waiting = self._taken[lane]
            if waiting is None:
                waiting = self._taken[lane] = deque()
            waiting.append(job)

    def _is_shared(self, lane: Lane) -> bool:
        left = self._shared.get(lane, 0)
        if left == 1:
            del self._shared[lane]
        elif left:
            self._shared[lane] = left - 1
        return left > 0

    def _rebuild(self, leaves: Callable[[Job], bool]) -> list[Job]:
        """Take out those for which `leaves` is true, in the order they came. Rare, so it may look at all."""
        startable = [*self._fresh, *(job for _, job in self._freed)]
        behind = [job for waiting in self._taken.values() for job in waiting or ()]
        gone = {job.number: job for job in (*startable, *behind) if leaves(job)}
        self._fresh = deque(job for job in self._fresh if job.number not in gone)
        self._freed = [entry for entry in self._freed if entry[0] not in gone]
        heapify(self._freed)
        for lane, waiting in self._taken.items():
            if waiting:
                self._taken[lane] = deque(job for job in waiting if job.number not in gone)
        for job in startable:
            if job.number in gone:
                self.finish(job)
        self._count -= len(gone)
        return [gone[number] for number in sorted(gone)]


def _key_lane(event: Event) -> Lane:
    return None if event.key is None else (event.partition, event.key)


_LANE_OF: dict[Order, Callable[[Event], Lane]] = {
    "partition": lambda event: (event.partition,),
    "key": _key_lane,
    "none": lambda _: None,
}
