"""The work queue holds each key once, never works on one twice at a time, and misses no change."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from kubeless.core.backoff import Backoff
from kubeless.core.errors import KubelessError
from kubeless.core.workqueue import WorkQueue


@asynccontextmanager
async def working(
    queue: WorkQueue[str], work: Callable[[str], Awaitable[None]], workers: int = 4
) -> AsyncIterator[None]:
    task = asyncio.create_task(queue.run(work, workers=workers))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def without_pause() -> Backoff:
    return Backoff(draw=lambda low, high: 0.0)


async def test_a_key_that_waits_is_worked_on_once() -> None:
    queue = WorkQueue[str]("test")
    done: list[str] = []
    finished = asyncio.Event()

    async def work(key: str) -> None:
        done.append(key)
        if key == "last":
            finished.set()

    for key in ("a", "a", "b", "a", "last"):
        queue.add(key)
    async with working(queue, work, workers=1):
        await asyncio.wait_for(finished.wait(), 1)
    assert done == ["a", "b", "last"]


async def test_a_key_added_while_it_is_worked_on_is_worked_on_again_afterwards_and_never_twice_at_once() -> None:
    queue = WorkQueue[str]("test")
    running = 0
    most = 0
    runs = 0
    twice = asyncio.Event()

    async def work(key: str) -> None:
        nonlocal running, most, runs
        running += 1
        most = max(most, running)
        runs += 1
        if runs == 1:
            queue.add(key)
            queue.add(key)
        await asyncio.sleep(0)
        running -= 1
        if runs == 2:
            twice.set()

    queue.add("a")
    async with working(queue, work):
        await asyncio.wait_for(twice.wait(), 1)
    assert (runs, most) == (2, 1)


async def test_work_that_raises_is_retried_and_does_not_stop_other_keys() -> None:
    queue = WorkQueue[str]("test", make_backoff=without_pause)
    attempts: list[str] = []
    finished = asyncio.Event()

    async def work(key: str) -> None:
        attempts.append(key)
        if key == "bad" and attempts.count("bad") < 3:
            raise KubelessError("not yet") if attempts.count("bad") == 1 else ValueError("a defect")
        if attempts.count("bad") == 3 and "good" in attempts:
            finished.set()

    queue.add("bad")
    queue.add("good")
    async with working(queue, work, workers=1):
        await asyncio.wait_for(finished.wait(), 1)
    assert attempts.count("good") == 1


async def test_of_several_delays_the_earliest_holds() -> None:
    queue = WorkQueue[str]("test")
    finished = asyncio.Event()

    async def work(_: str) -> None:
        finished.set()

    queue.add_after("a", 60)
    queue.add_after("a", 0)
    queue.add_after("a", 60)
    async with working(queue, work):
        await asyncio.wait_for(finished.wait(), 1)
    assert len(queue) == 0
