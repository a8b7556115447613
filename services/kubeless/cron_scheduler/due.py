"""
Which times of a schedule to call for now, and which to let go: a decision without I/O and clock.

A time that is late by less than the grace is on time: a takeover between replicas takes that long, and loses nothing.
What is later was missed, as nothing was running, and the trigger says what becomes of it: nothing (`skip`), one call
for the latest of all (`last`; none is needed if a newer time is called for anyway), or a call for each (`all`), of
which there are at most a hundred. Nothing is called for after the trigger's own deadline.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice
from typing import Literal

from kubeless.schedules.schedule import Schedule

CATCH_UP_LIMIT = 100
"""Missed times that are called for at once, the latest ones; Kubernetes draws the same line."""

COUNTED = 100
"""Skipped times that are counted one by one. After a year's outage nobody wants to know how many seconds it had."""

LEAST_DEADLINE = 1.0
"""Seconds; nothing starts in less than no time, and a deadline of 0 would be a way to say never."""

CatchUp = Literal["skip", "last", "all"]


class Skip(StrEnum):
    """Why a time was not called for."""

    MISSED = "missed"
    """It passed while nothing was running, and the trigger does not catch up, or not with so many."""
    DEADLINE = "deadline"
    """It is later than startingDeadlineSeconds."""
    CONCURRENCY = "concurrency"
    """The call before is still running, and the trigger forbids two."""
    OVERLOAD = "overload"
    """So many calls of the trigger are still running that one more helps nobody."""
    NO_FUNCTION = "no_function"
    """There is no function to call."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do. Times are seconds since the Unix epoch, ascending."""

    fire: tuple[int, ...] = ()
    skipped: Mapping[Skip, int] = field(default_factory=dict)
    """How many, up to `COUNTED` each."""
    dealt: int | None = None
    """The latest of all these times; None: none is due."""
    following: int | None = None
    """The first time that is not due yet; None: there is none."""


def plan(
    schedule: Schedule, *, after: float, now: float, grace: float, deadline: float | None, catch_up: CatchUp
) -> Plan:
    """Decide about all times later than `after` and not later than `now`. `grace` and `deadline` are seconds."""
    first = schedule.next(after)
    if first is None or first > now:
        return Plan(following=first)
    oldest = after if deadline is None else max(after, now - max(deadline, LEAST_DEADLINE))
    recent = max(oldest, now - grace)
    second = schedule.next(first)
    if first > recent and (second is None or second > now):
        return Plan((first,), dealt=first, following=second)  # nearly always: one time is due, and it has just come
    latest = _latest(schedule, after, now, 1)[0]
    on_time = list(_times(schedule, recent, now))
    wanted = {"skip": 0, "last": 0 if on_time else 1, "all": CATCH_UP_LIMIT}[catch_up]
    late = _latest(schedule, oldest, recent, wanted)
    skipped: Counter[Skip] = Counter()
    skipped[Skip.MISSED] = max(0, _count(schedule, oldest, recent) - len(late))
    skipped[Skip.DEADLINE] = _count(schedule, after, oldest)
    reasons = {reason: count for reason, count in skipped.items() if count}
    return Plan((*late, *on_time), reasons, latest, schedule.next(latest))


def _times(schedule: Schedule, after: float, until: float) -> Iterator[int]:
    moment = schedule.next(after)
    while moment is not None and moment <= until:
        yield moment
        moment = schedule.next(moment)


def _count(schedule: Schedule, after: float, until: float) -> int:
    return sum(1 for _ in islice(_times(schedule, after, until), COUNTED)) if until > after else 0


def _latest(schedule: Schedule, after: float, until: float, count: int) -> list[int]:
    """The latest `count` times, found from the end: a window is looked through that grows until it holds enough."""
    if not count or until <= after:
        return []
    window = 60.0
    while True:
        begin = max(after, until - window)
        found = list(_times(schedule, begin, until))
        if len(found) >= count or begin <= after:
            return found[-count:]
        window *= 4
