"""
How a service starts and stops.

A service is an async context manager: entering it starts everything in order, leaving it drains and closes in reverse.
`main` is what the process of a service does: it logs as KUBELESS_LOG_LEVEL says (a name of the original), and keeps the
service entered until SIGTERM or SIGINT. A second signal ends the process at once, because a person who asks
twice means it.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any

import structlog

from kubeless.core import logs
from kubeless.core.errors import InvalidField, KubelessError

log = structlog.get_logger(__name__)


LOG_LEVEL = "KUBELESS_LOG_LEVEL"


def main(serve: Callable[[], AbstractAsyncContextManager[object]], environ: Mapping[str, str] = os.environ) -> int:
    """Run a service as the whole of this process. Returns the exit code: 0, or 1 after an error a person can mend."""
    try:
        logs.configure(level=environ.get(LOG_LEVEL) or "info")
    except InvalidField as error:
        logs.configure()
        log.critical("service failed", error=f"{LOG_LEVEL}: {error}")
        return 1
    return run_service(serve)


def run_service(serve: Callable[[], AbstractAsyncContextManager[object]]) -> int:
    """Run a service until it is told to stop. Returns the exit code: 0, or 1 after an error that a person can mend."""
    exit_code = 0
    try:
        run(_serve_until_signal(serve))
    except* KubelessError as group:  # tasks of a service live in task groups, whose errors come as groups
        for error in group.exceptions:
            log.critical("service failed", error=str(error))
        exit_code = 1
    return exit_code


def run(coroutine: Coroutine[Any, Any, None]) -> None:
    """`asyncio.run`, on uvloop where that exists (Linux, macOS)."""
    if sys.platform == "win32":
        asyncio.run(coroutine)
    else:
        import uvloop

        uvloop.run(coroutine)


def stop_on_signals() -> asyncio.Event:
    """An event that SIGTERM and SIGINT set. The second signal ends the process at once with 128 + its number."""
    stop = asyncio.Event()

    def on_signal(number: int) -> None:
        if stop.is_set():
            os._exit(128 + number)
        log.info("stopping", signal=signal.Signals(number).name)
        stop.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, on_signal, number)
    return stop


async def _serve_until_signal(serve: Callable[[], AbstractAsyncContextManager[object]]) -> None:
    stop = stop_on_signals()
    started = asyncio.Event()

    async def life() -> None:
        async with serve():
            started.set()
            await stop.wait()

    async with asyncio.TaskGroup() as group:
        living = group.create_task(life())
        stopping = group.create_task(stop.wait())
        await asyncio.wait({living, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not started.is_set():
            living.cancel()  # a start may wait for ever, as for an API server that is away
