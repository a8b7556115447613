"""
Schedulers in processes of their own, on the real clock: killed, frozen, split, cut off, and with their clock set.

A schedule of every second is called, so that each second of a fault counts. The function's ledger decides: no second is
missing, and none is there twice but those which the fault leaves in doubt.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Collection
from pathlib import Path

import pytest

from support.cronprocess import replica
from support.cronworld import CronWorld, seconds_of
from support.kafkaworld import Ledger, until
from support.tcpline import TcpLine

TAKEOVER = 15.0
"""Seconds until another replica calls, at most."""
LONG = 60.0
"""Seconds to wait for something on a machine that has other work, too."""


async def until_fraction(fraction: float) -> None:
    """Wait for that point of a second."""
    await asyncio.sleep((fraction - time.time()) % 1)


async def until_called_for(ledger: Ledger, moment: float) -> None:
    """Wait until the function was called for a time that is not before `moment`."""
    await until(lambda: bool(ledger.done) and max(seconds_of(ledger)) >= moment, deadline=LONG)


def check(ledger: Ledger, *, in_doubt: Collection[int] = ()) -> None:
    """Each second from the first to the last was called for, and once, or perhaps twice if it is `in_doubt`."""
    found = Counter(seconds_of(ledger))
    assert [second for second in range(min(found), max(found) + 1) if not found[second]] == []
    assert {second: calls for second, calls in found.items() if calls > 1 and second not in in_doubt} == {}


def around(moment: float) -> list[int]:
    """Times whose calls may have been under way at a moment, or not noted yet."""
    return [second for second in (int(moment) - 1, int(moment)) if second <= moment <= second + 1]


@pytest.mark.parametrize("fraction", [0.1, 0.75])
async def test_a_killed_process_is_replaced_within_fifteen_seconds(
    world: CronWorld, tmp_path: Path, fraction: float
) -> None:
    ledger = await world.function()
    await world.trigger()
    server = world.client.server
    async with replica(server, tmp_path, "a") as first:
        await ledger.until_done(1, deadline=LONG)
        async with replica(server, tmp_path, "b"):
            await ledger.until_done(4, deadline=LONG)
            await until_fraction(fraction)
            first.kill()
            killed = time.time()
            await until_called_for(ledger, killed)
            took = time.time() - killed
            await until_called_for(ledger, killed + took + 2)
    assert took <= TAKEOVER
    check(ledger, in_doubt=around(killed))


async def test_of_two_processes_with_leases_of_their_own_one_calls(world: CronWorld, tmp_path: Path) -> None:
    ledger = await world.function()
    await world.trigger()
    server = world.client.server
    async with replica(server, tmp_path, "a", CRON_LEASE="one") as first:
        await ledger.until_done(3, deadline=LONG)
        async with replica(server, tmp_path, "b", CRON_LEASE="other") as second:
            began = time.time()
            await until_called_for(ledger, began + 8)
            await first.stop()
            await until_called_for(ledger, began + 12)
            await second.stop()
    check(ledger)


async def test_a_leader_that_freezes_gives_way_and_finds_out_when_it_goes_on(world: CronWorld, tmp_path: Path) -> None:
    ledger = await world.function()
    await world.trigger()
    server = world.client.server
    async with replica(server, tmp_path, "a") as first:
        await ledger.until_done(2, deadline=LONG)
        async with replica(server, tmp_path, "b"):
            await until_fraction(0.8)
            first.freeze()
            frozen = time.time()
            await until_called_for(ledger, frozen)
            assert time.time() - frozen <= TAKEOVER
            first.thaw()
            await until_called_for(ledger, time.time() + 4)
    check(ledger, in_doubt=around(frozen))


async def test_a_machine_that_sleeps_for_some_seconds_makes_up_for_them(world: CronWorld, tmp_path: Path) -> None:
    ledger = await world.function()
    await world.trigger()
    async with replica(world.client.server, tmp_path, "a", LEADER_ELECTION="false") as only:
        await ledger.until_done(2, deadline=LONG)
        await until_fraction(0.8)
        only.freeze()
        await asyncio.sleep(6)
        only.thaw()
        await until_called_for(ledger, time.time() + 2)
    check(ledger)


async def test_an_api_server_that_is_away_delays_calls_and_repeats_none(world: CronWorld, tmp_path: Path) -> None:
    ledger = await world.function()
    await world.trigger()
    async with (
        TcpLine(world.client.server) as line,
        replica(line.url, tmp_path, "a"),
        replica(line.url, tmp_path, "b"),
    ):
        await ledger.until_done(3, deadline=LONG)
        line.cut()
        cut = time.time()
        # Longer than a lease, so that the leader has to step down.
        await asyncio.sleep(11)
        line.mend()
        await until_called_for(ledger, cut + 13)
        await until_called_for(ledger, time.time() + 2)
    check(ledger)


async def test_a_leader_that_alone_loses_the_api_server_is_replaced(world: CronWorld, tmp_path: Path) -> None:
    ledger = await world.function()
    await world.trigger()
    async with TcpLine(world.client.server) as line, replica(line.url, tmp_path, "a"):
        await ledger.until_done(2, deadline=LONG)
        async with replica(world.client.server, tmp_path, "b"):
            await until_fraction(0.42)  # this second's call is in the journal, the next one is not claimed
            line.cut()
            cut = time.time()
            await until_called_for(ledger, cut + 1.5)
            assert time.time() - cut - 1.5 <= TAKEOVER
            line.mend()
            await until_called_for(ledger, time.time() + 3)
    check(ledger, in_doubt=(int(cut), int(cut) + 1))


async def test_a_scheduler_that_is_alone_calls_on_without_the_api_server(world: CronWorld, tmp_path: Path) -> None:
    ledger = await world.function()
    await world.trigger()
    async with (
        TcpLine(world.client.server) as line,
        replica(line.url, tmp_path, "a", LEADER_ELECTION="false"),
    ):
        await ledger.until_done(2, deadline=LONG)
        line.cut()
        await until_called_for(ledger, time.time() + 7)
        line.mend()
        await until_called_for(ledger, time.time() + 2)
    check(ledger)


async def test_an_api_server_that_is_away_at_the_start_is_waited_for(world: CronWorld, tmp_path: Path) -> None:
    ledger = await world.function()
    await world.trigger()
    async with TcpLine(world.client.server, whole=False) as line, replica(line.url, tmp_path, "a"):
        await asyncio.sleep(4)
        assert not ledger.calls
        line.mend()
        await ledger.until_done(3, deadline=LONG)
    check(ledger)


@pytest.mark.parametrize("offset", [300, -300])
async def test_a_clock_that_is_five_minutes_off_and_set_right_calls_no_time_twice(
    world: CronWorld, tmp_path: Path, offset: int
) -> None:
    ledger = await world.function()
    await world.trigger()
    clock = tmp_path / "clock"
    clock.write_text("0")
    async with replica(world.client.server, tmp_path, "a", clock=clock, LEADER_ELECTION="false"):
        await ledger.until_done(3, deadline=LONG)
        wrong = time.time()
        _set(clock, offset)
        if offset > 0:
            await until_called_for(ledger, wrong + offset)
        else:
            await asyncio.sleep(4)
        _set(clock, 0)
        right = time.time()
        await until(lambda: int(right) + 5 in seconds_of(ledger), deadline=LONG)
    found = Counter(seconds_of(ledger))
    assert {second: calls for second, calls in found.items() if calls > 1} == {}
    assert [second for second in range(min(found), int(wrong)) if not found[second]] == []
    assert [second for second in range(int(right) + 1, int(right) + 6) if not found[second]] == []
    if offset > 0:
        # What was jumped over was late: of that, half a minute is called for, and no more.
        early = [second for second in found if second > right + 10]
        assert min(early) >= wrong + offset - 31


def _set(clock: Path, offset: int) -> None:
    """By a rename: nobody reads half of it."""
    new = clock.with_suffix(".new")
    new.write_text(str(offset))
    new.replace(clock)
