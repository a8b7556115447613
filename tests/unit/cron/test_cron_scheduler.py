"""The scheduler in virtual time: on the dot, once, over crashes, splits, and clocks that are set."""

import asyncio
from typing import Any

import pytest

from kubeless.cron_scheduler.journal import OPEN_LIMIT, Call, bounded, read_page
from support import virtualtime
from support.cronreplicas import START, Replica, Store, Taken, WallClock, make_trigger, skipped

MINUTELY = make_trigger("minutely", "* * * * *")
TENTH = make_trigger("tenth", "@every 10s")
EACH = make_trigger("each", "* * * * * *")


def test_calls_come_on_the_dot() -> None:
    async def main() -> None:
        taken = Taken()
        async with Replica("a", Store(), taken, WallClock()).knows(MINUTELY, TENTH, EACH).leading():
            await asyncio.sleep(121)
        assert taken.times("minutely") == {60: 1, 120: 1}
        assert taken.times("tenth") == dict.fromkeys(range(10, 121, 10), 1)
        assert taken.times("each") == dict.fromkeys(range(1, 122), 1)
        assert all(abs(at - round(at)) < 0.01 for _, at in taken.calls)

    virtualtime.run(main())


def test_what_fires_rarely_is_written_rarely() -> None:
    async def main() -> None:
        store = Store()
        async with Replica("a", store, Taken(), WallClock()).knows(MINUTELY).leading():
            await asyncio.sleep(601)
        assert store.writes <= 10 * 3 + 2

    virtualtime.run(main())


def test_many_triggers_are_no_more_writes() -> None:
    async def main() -> None:
        store = Store()
        many = [make_trigger(f"m{number}", "* * * * *") for number in range(300)]
        taken = Taken()
        async with Replica("a", store, taken, WallClock()).knows(*many).leading():
            await asyncio.sleep(61)
        assert len(taken.calls) == 300
        assert store.writes <= 6

    virtualtime.run(main())


def test_of_two_that_believe_they_lead_one_calls() -> None:
    async def main() -> None:
        store, taken, wall = Store(), Taken(), WallClock()
        async with Replica("a", store, taken, wall).knows(MINUTELY, TENTH, EACH).leading():
            await asyncio.sleep(65.3)
            async with Replica("b", store, taken, wall).knows(MINUTELY, TENTH, EACH).leading():
                await asyncio.sleep(120)
        for name, times in {"minutely": (60, 120, 180), "tenth": range(10, 181, 10), "each": range(1, 184)}.items():
            found = taken.times(name)
            assert [time for time in times if found[time] != 1] == []

    virtualtime.run(main())


def test_an_api_server_that_is_away_delays_calls_and_costs_none() -> None:
    async def main() -> None:
        store, taken = Store(), Taken()
        async with Replica("a", store, taken, WallClock()).knows(EACH).leading():
            await asyncio.sleep(5.2)
            store.away = True
            await asyncio.sleep(5)
            # The sixth second had not been claimed yet: another scheduler may be calling for it.
            assert set(taken.times("each")) == {1, 2, 3, 4, 5}
            store.away = False
            await asyncio.sleep(5)
        assert taken.times("each") == dict.fromkeys(range(1, 16), 1)

    virtualtime.run(main())


@pytest.mark.parametrize("takes", [0.7, 1.5, 4.0])
def test_an_api_server_that_is_slow_delays_calls_and_costs_none(takes: float) -> None:
    async def main() -> None:
        store, taken = Store(), Taken()
        async with Replica("a", store, taken, WallClock()).knows(EACH).leading():
            await asyncio.sleep(5.2)
            store.takes = takes
            await asyncio.sleep(30)
            store.takes = 0.01
            await asyncio.sleep(10)
        assert {time: taken.times("each")[time] for time in range(1, 45)} == dict.fromkeys(range(1, 45), 1)

    virtualtime.run(main())


def test_a_scheduler_that_is_alone_calls_on_the_dot_without_the_api_server() -> None:
    async def main() -> None:
        store, taken = Store(), Taken()
        async with Replica("a", store, taken, WallClock(), alone=True).knows(EACH).leading():
            await asyncio.sleep(5.2)
            store.away = True
            await asyncio.sleep(60)
        assert taken.times("each") == dict.fromkeys(range(1, 66), 1)
        assert all(abs(at - round(at)) < 0.02 for _, at in taken.calls)

    virtualtime.run(main())


@pytest.mark.parametrize("second", [0.0, 0.1, 0.3, 0.45, 0.51, 0.6, 0.99])
def test_a_lead_that_is_lost_with_the_api_server_and_comes_back_with_it_repeats_nothing(second: float) -> None:
    async def main() -> None:
        store, taken = Store(), Taken()
        async with Replica("a", store, taken, WallClock()).knows(EACH).living() as replica:
            async with replica.lead():
                await asyncio.sleep(5 + second)
                store.away = True
                await asyncio.sleep(6)
            await asyncio.sleep(6)
            store.away = False
            async with replica.lead():
                await asyncio.sleep(4)
        assert set(taken.times("each")) >= set(range(1, 21))
        assert set(taken.times("each").values()) == {1}

    virtualtime.run(main())


@pytest.mark.parametrize("pause", [0.0, 0.1, 0.5, 3.0])
@pytest.mark.parametrize("second", [0.0, 0.1, 0.3, 0.45, 0.51, 0.6, 0.99])
def test_another_scheduler_that_leads_after_the_api_server_was_away_repeats_nothing(
    second: float, pause: float
) -> None:
    async def main() -> None:
        store, taken, wall = Store(), Taken(), WallClock()
        async with Replica("a", store, taken, wall).knows(EACH).living() as first:
            async with first.lead():
                await asyncio.sleep(5 + second)
                store.away = True
                await asyncio.sleep(6)
            await asyncio.sleep(6)
            store.away = False
            await asyncio.sleep(pause)
            async with Replica("b", store, taken, wall).knows(EACH).leading():
                await asyncio.sleep(8)
        assert set(taken.times("each")) >= set(range(1, 25))
        assert set(taken.times("each").values()) == {1}

    virtualtime.run(main())


def test_a_clock_set_five_minutes_forward_and_back_calls_each_time_once() -> None:
    async def main() -> None:
        taken, wall = Taken(), WallClock()
        async with Replica("a", Store(), taken, wall).knows(MINUTELY).leading():
            await asyncio.sleep(90)
            wall.offset = 300.0
            await asyncio.sleep(120)
            wall.offset = 0.0
            await asyncio.sleep(400)
        found = taken.times("minutely")
        assert {time for time, count in found.items() if count != 1} == set()
        # 120 and 180 passed while the clock was ahead, and were let go as late; 420 and 480 came early, and once.
        assert set(found) == {60, *range(240, 601, 60)}

    virtualtime.run(main())


def test_a_clock_set_back_repeats_nothing() -> None:
    async def main() -> None:
        taken, wall = Taken(), WallClock()
        async with Replica("a", Store(), taken, wall).knows(MINUTELY).leading():
            await asyncio.sleep(330)
            wall.offset = -300.0
            await asyncio.sleep(400)
        assert set(taken.times("minutely").values()) == {1}

    virtualtime.run(main())


def test_a_clock_set_five_minutes_back_and_right_again_calls_each_time_once() -> None:
    async def main() -> None:
        taken, wall = Taken(), WallClock()
        async with Replica("a", Store(), taken, wall).knows(MINUTELY).leading():
            await asyncio.sleep(330)
            wall.offset = -300.0
            await asyncio.sleep(100)
            wall.offset = 0.0
            await asyncio.sleep(171)
        # 360 passed while the clock was behind, and was let go as late; 420 was ten seconds late.
        assert taken.times("minutely") == dict.fromkeys((60, 120, 180, 240, 300, 420, 480, 540, 600), 1)

    virtualtime.run(main())


@pytest.mark.parametrize(
    ("catch_up", "times"), [("skip", {60, 720}), ("last", {60, 660, 720}), ("all", set(range(60, 721, 60)))]
)
def test_a_machine_that_slept_catches_up_as_asked(catch_up: str, times: set[int]) -> None:
    async def main() -> None:
        taken, wall = Taken(), WallClock()
        replica = Replica("a", Store(), taken, wall).knows(make_trigger("minutely", "* * * * *", catchUp=catch_up))
        async with replica.leading():
            await asyncio.sleep(95)
            wall.slept = 600.0  # at 695: 660 is 35 seconds late
            await asyncio.sleep(30)
        assert set(taken.times("minutely")) == times

    virtualtime.run(main())


@pytest.mark.parametrize(
    ("policy", "calls", "reason"), [("Allow", 5, ""), ("Forbid", 1, "concurrency"), ("Replace", 5, "")]
)
def test_concurrency_is_as_asked(policy: str, calls: int, reason: str) -> None:
    async def main() -> None:
        taken = Taken(takes=100.0)
        trigger = make_trigger("each", "* * * * * *", concurrencyPolicy=policy)
        async with Replica("a", Store(), taken, WallClock()).knows(trigger).leading() as replica:
            await asyncio.sleep(5.5)
            active = replica.runs.active(trigger.record.key)
            assert active == {"Allow": 5, "Forbid": 1, "Replace": 1}[policy]
            assert not reason or skipped(replica, reason) == 4
        assert len(taken.calls) == calls

    virtualtime.run(main())


def test_a_suspended_trigger_makes_up_for_nothing_when_it_is_resumed() -> None:
    async def main() -> None:
        taken = Taken()
        always: dict[str, Any] = {"schedule": "*/5 * * * * *", "name": "each", "catchUp": "all"}
        replica = Replica("a", Store(), taken, WallClock()).knows(make_trigger(**always))
        key = make_trigger(**always).record.key
        async with replica.leading():
            await asyncio.sleep(6)
            replica.scheduler.trigger_changed(key, None, make_trigger(**always, suspend=True, generation=2))
            await asyncio.sleep(20)
            replica.scheduler.trigger_changed(key, None, make_trigger(**always, generation=3))
            await asyncio.sleep(6)
        assert sorted(taken.times("each")) == [5, 30]

    virtualtime.run(main())


def test_a_new_schedule_has_no_past() -> None:
    async def main() -> None:
        taken = Taken()
        replica = Replica("a", Store(), taken, WallClock()).knows(make_trigger("each", "0 0 1 1 *", catchUp="all"))
        async with replica.leading():
            await asyncio.sleep(33)
            changed = make_trigger("each", "*/10 * * * * *", catchUp="all", generation=2)
            replica.scheduler.trigger_changed(changed.record.key, None, changed)
            await asyncio.sleep(10)
        assert sorted(taken.times("each")) == [40]

    virtualtime.run(main())


def test_a_stopping_scheduler_finishes_its_calls_and_gives_up_the_journal() -> None:
    async def main() -> None:
        store, taken = Store(), Taken(takes=3.0)
        async with Replica("a", store, taken, WallClock()).knows(TENTH).leading() as replica:
            await asyncio.sleep(11)
            await replica.scheduler.drain(20)
            assert asyncio.get_running_loop().time() < 14
        page = read_page(store.obj or {})
        assert (page.holder, page.open, page.done >= START + 10) == ("", (), True)

    virtualtime.run(main())


def test_calls_that_do_not_end_are_told_to_the_next_leader() -> None:
    async def main() -> None:
        store, taken, wall = Store(), Taken(takes=500.0), WallClock()
        async with Replica("a", store, taken, wall).knows(TENTH).leading() as first:
            await asyncio.sleep(11)
            await first.scheduler.drain(1)
        taken.takes = 0.1
        async with Replica("b", store, taken, wall).knows(TENTH).leading():
            await asyncio.sleep(5)
        assert taken.times("tenth") == {10: 2}

    virtualtime.run(main())


def test_a_journal_that_somebody_spoilt_is_an_empty_one() -> None:
    for data in ({}, {"journal": "{"}, {"journal": "[]"}, {"journal": '{"holder": 1}'}, {"journal": '{"open": [[1]]}'}):
        assert read_page({"data": data}).done == 0


def test_what_does_not_fit_into_the_journal_counts_as_not_dealt_with() -> None:
    calls = [Call("shop", "t", 100 + number, "f") for number in range(OPEN_LIMIT + 5)]
    page = bounded("a", 0, 10_000, calls)
    assert page.done == 100 + OPEN_LIMIT - 1
    assert len(page.open) == OPEN_LIMIT
