"""How many requests of a route are let through, and which lines are written."""

import asyncio

import pytest

from kubeless.gateway.accesslog import AccessLog
from kubeless.gateway.limits import RouteLimits
from kubeless.gateway.refusal import Refusal

KEY, OTHER = ("n", "a"), ("n", "b")


def limits(*, in_flight: int = 1, queued: int = 2, patience: float = 60.0) -> RouteLimits:
    return RouteLimits(in_flight=in_flight, queued=queued, patience=patience)


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_places_are_given_in_the_order_of_arrival_and_never_beyond_the_limit() -> None:
    limit, order = limits(), list[int]()

    async def request(number: int) -> None:
        await limit.enter(KEY)
        order.append(number)
        assert limit.running == 1
        await asyncio.sleep(0)
        limit.leave(KEY)

    async with asyncio.TaskGroup() as group:
        for number in range(3):
            group.create_task(request(number))
    assert order == [0, 1, 2]
    assert (limit.running, limit.waiting) == (0, 0)


async def test_beyond_the_queue_a_request_is_told_to_come_back_and_other_routes_go_on() -> None:
    limit = limits(queued=0)
    assert limit.try_enter(KEY)
    assert not limit.try_enter(KEY)
    with pytest.raises(Refusal) as caught:
        await limit.enter(KEY)
    assert (caught.value.status, caught.value.headers) == (503, ((b"Retry-After", b"1"),))
    assert limit.try_enter(OTHER)


async def test_who_waits_too_long_is_refused_and_leaves_the_queue() -> None:
    limit = limits(patience=0.0)
    await limit.enter(KEY)
    with pytest.raises(Refusal):
        await limit.enter(KEY)
    assert limit.waiting == 0
    limit.leave(KEY)
    assert limit.try_enter(KEY)


@pytest.mark.parametrize("granted", [False, True])
async def test_a_client_that_goes_away_while_it_waits_takes_no_place_with_it(granted: bool) -> None:
    limit = limits()
    await limit.enter(KEY)
    waiting = asyncio.create_task(limit.enter(KEY))
    await settle()
    if granted:
        limit.leave(KEY)  # the place is its own, though it has not run yet
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    if not granted:
        limit.leave(KEY)
    assert (limit.running, limit.waiting) == (0, 0)
    assert limit.try_enter(KEY)


async def test_without_a_limit_nobody_waits() -> None:
    limit = limits(in_flight=0, queued=0)
    for _ in range(100):
        await limit.enter(KEY)
    assert limit.running == 100


@pytest.mark.parametrize(
    ("sample", "drawn", "status", "outcome", "wanted"),
    [
        (1.0, 0.99, 200, "answered", True),
        (0.1, 0.05, 200, "answered", True),
        (0.1, 0.5, 200, "answered", False),
        (0.0, 0.0, 204, "preflight", False),
        (0.0, 0.5, 500, "answered", True),
        (0.0, 0.5, 401, "unauthorized", True),
        (0.0, 0.5, 200, "cut_short", True),
    ],
)
def test_a_sampled_log_tells_all_that_went_wrong(
    sample: float, drawn: float, status: int, outcome: str, wanted: bool
) -> None:
    log = AccessLog(enabled=True, sample=sample, draw=lambda: drawn)
    assert log.wants(status=status, outcome=outcome) is wanted
    assert not AccessLog(enabled=False, sample=sample).wants(status=status, outcome=outcome)
