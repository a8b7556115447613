"""kill -9 of the leader in every second of a minute, in virtual time; and of real processes."""

import asyncio
import json
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from support import virtualtime
from support.cronreplicas import Replica, Store, Taken, WallClock, make_trigger
from support.cronworld import QUICK, CronWorld, seconds_of

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


@asynccontextmanager
async def process(world: CronWorld, folder: Path, name: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A replica as it runs in a pod."""
    environment = {
        **os.environ,
        **QUICK,
        "KUBECONFIG": str(kubeconfig(world, folder)),
        "HOSTNAME": name,
        "LEADER_ELECTION": "true",
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    command = (sys.executable, "-m", "kubeless.cron_scheduler")
    started = await asyncio.create_subprocess_exec(
        *command, env=environment, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        yield started
    finally:
        if started.returncode is None:
            started.kill()
        await started.wait()


def kubeconfig(world: CronWorld, folder: Path) -> Path:
    path = folder / "kubeconfig"
    context = {"name": "c", "context": {"cluster": "c", "user": "u"}}
    cluster = {"name": "c", "cluster": {"server": world.client.server}}
    config = {
        "current-context": "c",
        "clusters": [cluster],
        "contexts": [context],
        "users": [{"name": "u", "user": {}}],
    }
    path.write_text(json.dumps({"apiVersion": "v1", "kind": "Config", **config}))
    return path


async def test_a_killed_process_is_replaced_within_fifteen_seconds(world: CronWorld, tmp_path: Path) -> None:
    ledger = await world.function()
    await world.trigger(schedule="* * * * * *")
    async with process(world, tmp_path, "a") as first:
        await ledger.until_done(3)
        async with process(world, tmp_path, "b"):
            count = len(ledger.done)
            await ledger.until_done(count + 3)
            await asyncio.sleep(0.6 - time.time() % 1 if time.time() % 1 < 0.6 else 1.6 - time.time() % 1)
            first.send_signal(signal.SIGKILL)
            killed, count = time.time(), len(ledger.done)
            await ledger.until_done(count + 1, deadline=25)
            took = time.time() - killed
            missed = int(took)
            await ledger.until_done(count + missed + 2)
    found = Counter(seconds_of(ledger))
    assert took <= 15
    assert [second for second in range(min(found), max(found) + 1) if not found[second]] == []
    assert [second for second, calls in found.items() if calls > 1 and not second <= killed <= second + 1] == []
