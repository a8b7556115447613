"""`kubeless local up`: hold the folder's lock, run the platform, tell others about it, until told to stop."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import replace

from kubeless.core.lifecycle import stop_on_signals
from kubeless.local.platform import Platform, PlatformSettings, run_platform
from kubeless.local.state import PlatformState


async def up(settings: PlatformSettings, *, on_ready: Callable[[Platform], Awaitable[bool]]) -> None:
    """
    Run the platform until SIGTERM or SIGINT, or until `on_ready` (called once, when it is ready) returns False.

    Raises:
        AlreadyRunning: a platform runs on this folder.
        PortTaken: one of the ports is in use.
    """
    data_dir = settings.data_dir
    data_dir.create()
    stop = stop_on_signals()
    with data_dir.lock():
        state = PlatformState(pid=os.getpid())
        data_dir.write(state)
        async with run_platform(settings) as platform:
            state = replace(state, ready=True, addresses=platform.addresses)
            data_dir.write(state)
            await _until_stopped(stop, on_ready(platform))
            data_dir.write(replace(state, ready=False))


async def _until_stopped(stop: asyncio.Event, on_ready: Awaitable[bool]) -> None:
    """Wait for `stop`, and meanwhile for `on_ready`, which must not outlive it."""

    async def stay() -> bool:
        if await on_ready:
            await stop.wait()
        return True

    async with asyncio.TaskGroup() as group:
        staying = group.create_task(stay())
        stopped = group.create_task(stop.wait())
        _, pending = await asyncio.wait({staying, stopped}, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
