"""Objects in trouble are looked at again, ever more seldom."""

import asyncio
from collections.abc import Callable
from itertools import pairwise

from kubeless.controller.loop import CONFLICT_PAUSE, LONGEST_PAUSE, Loop
from kubeless.controller.metrics import Metrics
from kubeless.kube.cache import ObjectKey
from kubeless.kube.errors import Conflict
from support import virtualtime

HOUR = 3600.0


def looks(outcome: Callable[[int], bool], *, seconds: float = HOUR) -> list[float]:
    """When an object is looked at, if the nth look ends in `outcome(n)`."""
    times: list[float] = []

    async def look(_: ObjectKey) -> bool:
        times.append(asyncio.get_running_loop().time())
        return outcome(len(times))

    async def main() -> None:
        loop = Loop("Function", look, lambda: [ObjectKey("shop", "echo")], Metrics())
        try:
            async with asyncio.timeout(seconds):
                await loop.run(workers=2)
        except TimeoutError:
            return

    virtualtime.run(main())
    return times


def test_what_is_as_it_should_be_is_looked_at_once() -> None:
    assert len(looks(lambda _: False)) == 1


def test_what_is_in_trouble_is_looked_at_ever_more_seldom_but_never_forgotten() -> None:
    times = looks(lambda _: True)
    pauses = [after - before for before, after in pairwise(times)]
    assert pauses[0] <= 2.0
    assert max(pauses) <= LONGEST_PAUSE
    assert HOUR / LONGEST_PAUSE <= len(times) <= 4 * HOUR / LONGEST_PAUSE


def test_trouble_that_has_ended_costs_no_more_looks() -> None:
    assert len(looks(lambda look: look < 30)) == 30


def test_a_copy_that_was_behind_is_given_a_moment() -> None:
    def outcome(look: int) -> bool:
        if look < 5:
            raise Conflict("changed")
        return False

    times = looks(outcome)
    assert len(times) == 5
    assert times[-1] <= 5 * CONFLICT_PAUSE
