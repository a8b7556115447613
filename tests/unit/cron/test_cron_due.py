"""Which late times are called for, where a new scheduler begins, and the heap of due times."""

from dataclasses import replace

import orjson
import pytest

from kubeless.cron_scheduler.due import CATCH_UP_LIMIT, CatchUp, Skip, plan
from kubeless.cron_scheduler.dueheap import DueHeap
from kubeless.cron_scheduler.journal import Page
from kubeless.cron_scheduler.plans import first_watermark
from kubeless.cron_scheduler.triggers import CronTrigger
from kubeless.kube.cache import ObjectKey
from kubeless.schedules.schedule import Schedule
from support.cronreplicas import START, make_trigger

MINUTELY = Schedule.parse("* * * * *")
GRACE = 30.0


@pytest.mark.parametrize(
    ("catch_up", "now", "fire", "missed"),
    [
        ("skip", 60, (60,), 0),
        ("skip", 89.9, (60,), 0),
        ("skip", 90, (), 1),
        ("skip", 605, (600,), 9),
        ("skip", 650, (), 10),
        ("last", 605, (600,), 9),
        ("last", 650, (600,), 9),
        ("all", 650, tuple(range(60, 601, 60)), 0),
        ("all", 605, tuple(range(60, 601, 60)), 0),
    ],
)
def test_late_times(catch_up: CatchUp, now: float, fire: tuple[int, ...], missed: int) -> None:
    decided = plan(MINUTELY, after=0.0, now=now, grace=GRACE, deadline=None, catch_up=catch_up)
    assert (decided.fire, decided.skipped.get(Skip.MISSED, 0)) == (fire, missed)
    assert decided.dealt == now // 60 * 60


def test_nothing_is_due_before_its_time() -> None:
    assert plan(MINUTELY, after=0.0, now=59.999, grace=GRACE, deadline=None, catch_up="all").dealt is None


def test_what_is_later_than_the_deadline_is_skipped_however_the_trigger_catches_up() -> None:
    decided = plan(MINUTELY, after=0.0, now=650.0, grace=GRACE, deadline=200.0, catch_up="all")
    assert decided.fire == (480, 540, 600)
    assert decided.skipped == {Skip.DEADLINE: 7}


def test_a_deadline_of_nothing_is_a_second() -> None:
    decided = plan(MINUTELY, after=0.0, now=60.2, grace=GRACE, deadline=0.0, catch_up="skip")
    assert decided.fire == (60,)


def test_a_year_of_missed_seconds_is_a_hundred_calls() -> None:
    year = 365 * 86_400
    decided = plan(Schedule.parse("* * * * * *"), after=0.0, now=year, grace=GRACE, deadline=None, catch_up="all")
    assert len(decided.fire) == CATCH_UP_LIMIT + GRACE
    assert decided.fire[-1] == year


def test_the_last_of_rare_times_is_found() -> None:
    rare = Schedule.parse("0 0 29 2 *")
    decided = plan(rare, after=0.0, now=1_767_268_800.0, grace=GRACE, deadline=None, catch_up="last")
    assert decided.fire == (1_709_164_800,)


def with_status(trigger: CronTrigger, **status: object) -> CronTrigger:
    return replace(trigger, packed_status=orjson.dumps(status))


def test_a_new_scheduler_begins_where_the_last_one_ended() -> None:
    trigger = make_trigger("t", "* * * * *", created=START)
    now = START + 1000
    assert first_watermark(trigger, Page(), now=now, grace=GRACE) == START
    assert first_watermark(trigger, Page(done=int(START) + 500), now=now, grace=GRACE) == START + 500
    told = with_status(trigger, lastScheduleTime="2026-01-01T12:10:00Z", observedGeneration=1)
    assert first_watermark(told, Page(), now=now, grace=GRACE) == START + 600
    assert first_watermark(told, Page(done=int(START) + 5000), now=now, grace=GRACE) == now


def test_a_trigger_that_was_changed_while_nobody_looked_has_no_past_but_that_of_a_takeover() -> None:
    changed = with_status(make_trigger("t", "* * * * *", generation=3), observedGeneration=2)
    assert first_watermark(changed, Page(), now=START + 1000, grace=GRACE) == START + 970


def test_a_status_that_somebody_spoilt_says_nothing() -> None:
    spoilt = with_status(make_trigger("t", "* * * * *"), lastScheduleTime="yesterday", observedGeneration=1)
    assert first_watermark(spoilt, Page(), now=START + 1000, grace=GRACE) == START


def test_the_heap_knows_the_latest_word_of_each_trigger() -> None:
    heap = DueHeap()
    one, two = ObjectKey("shop", "one"), ObjectKey("shop", "two")
    heap.put(one, 10)
    heap.put(two, 20)
    heap.put(one, 30)
    assert (heap.first(), len(heap)) == (20, 2)
    assert heap.pop(19.9) is None
    assert heap.pop(20.0) == two
    heap.put(one, None)
    assert (heap.first(), heap.pop(1e9), len(heap)) == (None, None, 0)


def test_the_heap_forgets_what_was_changed_often() -> None:
    heap = DueHeap()
    for moment in range(10_000, 0, -1):
        heap.put(ObjectKey("shop", "one"), moment)
    assert heap.pop(1.0) == ObjectKey("shop", "one")
    assert heap.first() is None


def test_triggers_that_are_delivered_alike_share_the_rules_for_it() -> None:
    one, two = (make_trigger(name, "* * * * *", delivery={"retry": {"maxAttempts": 3}}) for name in ("one", "two"))
    assert one.active is not None
    assert two.active is not None
    assert one.active.delivery.retry.max_attempts == 3
    assert one.active.delivery is two.active.delivery
