"""
A worker: one process that imports the function and answers requests until it is told to stop.

It retires when a call is stuck in it: the supervisor, told at once, starts another, while this one accepts nothing
more, lets its other calls finish and ends.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import fcntl
import gc
import os
import signal
import socket
from typing import NamedTuple

from . import console, tracebacks
from .acceptor import Acceptor
from .listener import start_listening
from .loader import Function, LoadError, load
from .service import Service
from .watchdog import Watchdog

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any

    from .scoreboard import Scoreboard
    from .settings import Settings

# What a worker tells the supervisor, and the supervisor the worker: one byte each.
READY = b"R"
RETIRING = b"T"
STOP = b"S"

EXIT_LOAD_FAILED = 75

_LINGER = 0.5
"""Seconds that idle connections stay open when a worker ends: a request may already be on its way in them."""
_SWEEP = 5.0


class Channels(NamedTuple):
    """What connects a worker with the world."""

    listener: socket.socket
    control: socket.socket
    """To and from the supervisor."""
    lifeline: int
    """The reading end of a pipe that the supervisor alone can write to: at its end when the supervisor has died."""


def run(settings: Settings, channels: Channels, *, scoreboard: Scoreboard, slot: int) -> int:
    """Run a worker in this (forked) process; the value is its exit code."""
    for signum in (signal.SIGTERM, signal.SIGINT):
        # A process group gets these all at once, but to stop is the supervisor's to say. Not SIG_IGN, which programs
        # started by the function would inherit.
        signal.signal(signum, lambda *_: None)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD))
    console.install()
    _end_with_supervisor(channels.lifeline)
    try:
        function = load(settings)
    except LoadError as error:
        _report_load_error(error)
        return EXIT_LOAD_FAILED
    gc.freeze()  # what is imported stays: no collection needs to look at it again
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    worker = _Worker(settings, channels, function, loop, scoreboard=scoreboard, slot=slot)
    _run_through_exits(loop, worker.serve())
    atexit._run_exitfuncs()
    return 0


def _end_with_supervisor(lifeline: int) -> None:
    """
    Let the system end this process when the supervisor dies, also while the function is imported or hangs in C code.

    Where a pipe signals its end (Linux does), SIGIO does it, whose default is to end the process. Elsewhere, it is
    left to the watchdog.
    """
    fcntl.fcntl(lifeline, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(lifeline, fcntl.F_SETFL, fcntl.fcntl(lifeline, fcntl.F_GETFL) | os.O_ASYNC)


def _run_through_exits(loop: asyncio.AbstractEventLoop, main: Coroutine[Any, Any, None]) -> None:
    """As run_until_complete, but a task of the function's own that calls `sys.exit()` does not end the worker."""
    task = loop.create_task(main)
    while not task.done():
        try:
            loop.run_until_complete(task)
        except (SystemExit, KeyboardInterrupt) as error:  # noqa: PERF203  # the loop goes on after it, that is the point
            console.report("a task of the function raised %s, which ends that task only" % type(error).__name__)


def _report_load_error(error: LoadError) -> None:
    """The reason comes last: it is what Kubernetes shows of the log of a container that ended."""
    if error.__cause__ is not None:
        console.write(2, tracebacks.format_error(error.__cause__).encode("utf-8", "backslashreplace"))
    console.report(str(error))


class _Worker:
    def __init__(
        self,
        settings: Settings,
        channels: Channels,
        function: Function,
        loop: asyncio.AbstractEventLoop,
        *,
        scoreboard: Scoreboard,
        slot: int,
    ) -> None:
        self._settings = settings
        self._channels = channels
        self._loop = loop
        self._stuck = False
        self._ending: asyncio.Future[float] = loop.create_future()
        """Its result is how many seconds the calls in progress have left."""
        own = scoreboard.slot(slot)
        self._service = Service(settings, function, loop, scoreboard=scoreboard, slot=own, on_stuck=self._retire)
        self._watchdog = Watchdog(self._service, own, lifeline=channels.lifeline)
        self._acceptor = Acceptor(channels.listener, self._service, patient=settings.workers > 1)

    async def serve(self) -> None:
        """Until told to stop, or retired."""
        self._watchdog.start()
        self._channels.control.setblocking(False)
        self._loop.add_reader(self._channels.control, self._obey)
        start_listening(self._channels.listener)
        self._acceptor.start()
        self._channels.control.send(READY)
        self._sweep()
        patience = await self._ending
        await self._drain(patience)
        if self._stuck:  # the function's exit handlers are skipped, as its threads are still running
            console.flush()
            os._exit(0)

    def _obey(self) -> None:
        if self._channels.control.recv(16):
            self._acceptor.accept_waiting()
            self._end(self._settings.shutdown_timeout)
        else:  # the supervisor has died; the watchdog sees to the rest
            self._loop.remove_reader(self._channels.control)

    def _retire(self) -> None:
        self._stuck = True
        if not self._ending.done():
            self._channels.control.send(RETIRING)
            self._end(self._settings.timeout)

    def _end(self, patience: float) -> None:
        if not self._ending.done():
            self._ending.set_result(patience)

    async def _drain(self, patience: float) -> None:
        self._acceptor.stop()
        await self._acceptor.wait_accepted()
        deadline = self._loop.time() + patience
        for connection in list(self._service.connections):
            connection.finish_soon()
        await self._wait_no_connections(_LINGER)
        for connection in list(self._service.connections):
            connection.close_if_idle()
        await self._wait_no_connections(deadline - self._loop.time())
        self._service.give_up()

    async def _wait_no_connections(self, seconds: float) -> None:
        if not self._service.connections:
            return
        empty = asyncio.Event()
        self._service.on_no_connections = empty.set
        with contextlib.suppress(asyncio.TimeoutError):  # another class than the built-in one before Python 3.11
            await asyncio.wait_for(empty.wait(), max(0.0, seconds))

    def _sweep(self) -> None:
        now = self._loop.time()
        for connection in list(self._service.connections):
            connection.check_progress(now)
        self._loop.call_later(_SWEEP, self._sweep)
