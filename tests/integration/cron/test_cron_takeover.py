"""kill -9 of the leader in every second of a minute, in virtual time."""

import asyncio

import pytest

from support import virtualtime
from support.cronreplicas import Replica, Store, Taken, WallClock, make_trigger

TAKEOVER = 10.0
"""Seconds until another replica has the lease."""
NOTED = 0.5
"""Seconds after a time in which a crash makes its call come twice: it has not been noted that it ended."""

MINUTELY = make_trigger("minutely", "* * * * *")
TENTH = make_trigger("tenth", "@every 10s")
EACH = make_trigger("each", "* * * * * *")


@pytest.mark.parametrize("second", range(60))
@pytest.mark.parametrize("fraction", [0.005, 0.7])
def test_a_leader_killed_in_any_second_costs_no_call(second: int, fraction: float) -> None:
    async def main() -> None:
        store, taken, wall = Store(), Taken(), WallClock()
        killed = 60 + second + fraction
        async with Replica("a", store, taken, wall).knows(MINUTELY, TENTH, EACH).leading() as first:
            await asyncio.sleep(killed)
            first.die()
        await asyncio.sleep(TAKEOVER)
        async with Replica("b", store, taken, wall).knows(MINUTELY, TENTH, EACH).leading():
            await asyncio.sleep(150 - killed)
        for name, times in {"minutely": (60, 120), "tenth": range(10, 151, 10), "each": range(1, 151)}.items():
            found = taken.times(name)
            assert [time for time in times if not found[time]] == []
            assert [time for time, count in found.items() if count > 1 and not time <= killed <= time + NOTED] == []

    virtualtime.run(main())
