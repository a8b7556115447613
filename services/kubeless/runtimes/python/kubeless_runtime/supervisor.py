"""
The process above the workers: starts them, replaces those that end, stops them.

It has one thread and imports nothing of the function's, so it can fork at any time. A worker tells when it is ready or
retires; the supervisor tells it to stop. Workers that hang beyond their own means (a library in C that keeps the
interpreter's lock) are killed. If the function cannot be loaded at all, the supervisor ends with code 1: when to try
again is for Kubernetes to decide.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
from time import monotonic

from . import console, worker
from .backoff import Backoff
from .overdue import Overdue
from .scoreboard import Scoreboard

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from .settings import Settings

_TICK = 1.0
_SPARE = 4
"""Retiring workers per worker that may still be finishing calls; beyond that the oldest is ended."""
_STOP_GRACE = 1.0
"""Seconds a worker has beyond SHUTDOWN_TIMEOUT, then it is killed."""
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)


class _Process:
    """What the supervisor knows of one worker."""

    def __init__(self, pid: int, slot: int, control: socket.socket, lifeline: int) -> None:
        self.pid = pid
        self.slot = slot
        self.control = control
        self.lifeline = lifeline
        """Never written to: that it is open tells the worker that the supervisor lives."""
        self.started = monotonic()
        self.ready_since = 0.0
        self.retiring = False
        self.killed = False

    def close(self) -> None:
        self.control.close()
        os.close(self.lifeline)

    def kill(self) -> None:
        self.killed = True
        os.kill(self.pid, signal.SIGKILL)


class Supervisor:
    """Runs `settings.workers` workers on `listener` until stopped by SIGTERM or SIGINT."""

    def __init__(self, settings: Settings, listener: socket.socket) -> None:
        self._settings = settings
        self._listener = listener
        self._scoreboard = Scoreboard(settings.workers * (1 + _SPARE))
        self._overdue = Overdue(timeout=settings.timeout, tick=_TICK)
        self._backoff = Backoff()
        self._processes: dict[int, _Process] = {}
        self._free_slots = list(range(self._scoreboard.slots))
        self._was_ready = False
        self._stopping_until = 0.0
        self._exit_code: int | None = None
        self._poller = select.poll()
        self._signals, self._signals_end = socket.socketpair()

    def run(self) -> int:
        """The exit code: 0 after a requested stop, 1 if the function cannot be run or the stop was hurried."""
        self._signals.setblocking(False)
        self._signals_end.setblocking(False)
        signal.set_wakeup_fd(self._signals_end.fileno(), warn_on_full_buffer=False)
        for signum in _SIGNALS:
            signal.signal(signum, lambda *_: None)
        self._poller.register(self._signals, select.POLLIN)
        while not self._is_over():
            self._start_missing()
            for fd, _ in self._poller.poll(self._pause() * 1000):
                self._on_readable(fd)
            self._reap()
            self._check_loading()
            self._check_overdue()
        return self._exit_code or 0

    def _is_over(self) -> bool:
        """A code other than 0 ends everything at once; a stop waits for the workers."""
        if self._exit_code or (self._stopping_until and monotonic() > self._stopping_until):
            self._kill_all()
            return True
        return bool(self._stopping_until) and not self._processes

    def _pause(self) -> float:
        moments = [monotonic() + _TICK]
        if self._stopping_until:
            moments.append(self._stopping_until)
        elif self._missing():
            moments.append(self._backoff.until)
        return max(0.0, min(moments) - monotonic()) + 0.001

    # Starting

    def _missing(self) -> int:
        """The first worker goes ahead: whatever is wrong with the function is then told once, not once per core."""
        wanted = self._settings.workers if self._was_ready else 1
        return wanted - sum(not process.retiring for process in self._processes.values())

    def _start_missing(self) -> None:
        if self._stopping_until or self._exit_code is not None or monotonic() < self._backoff.until:
            return
        for _ in range(self._missing()):
            if not self._free_slots:
                self._end_oldest_retiring()
                return
            self._start()

    def _end_oldest_retiring(self) -> None:
        oldest = min((one for one in self._processes.values() if one.retiring), key=lambda one: one.started)
        if not oldest.killed:
            console.report("worker %d is ended before its last calls are: too many are retiring" % oldest.pid)
            oldest.kill()

    def _start(self) -> None:
        slot = self._free_slots.pop(0)
        shared = self._scoreboard.slot(slot)
        shared.beat = shared.deadline = 0.0
        ours, theirs = socket.socketpair()
        lifeline, lifeline_end = os.pipe()
        # A signal to the whole process group must not reach the child while it still has the supervisor's handlers.
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        pid = os.fork()
        if not pid:
            ours.close()
            os.close(lifeline_end)
            self._become_worker(theirs, lifeline, slot)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        theirs.close()
        os.close(lifeline)
        ours.setblocking(False)
        self._processes[pid] = _Process(pid, slot, ours, lifeline_end)
        self._poller.register(ours, select.POLLIN)

    def _become_worker(self, control: socket.socket, lifeline: int, slot: int) -> NoReturn:
        """In the child. What belongs to the supervisor is closed, the lifelines of others above all."""
        code = 70
        try:
            signal.set_wakeup_fd(-1)
            for signum in _SIGNALS:
                signal.signal(signum, signal.SIG_DFL)
            self._signals.close()
            self._signals_end.close()
            for process in self._processes.values():
                process.close()
            channels = worker.Channels(self._listener, control, lifeline)
            code = worker.run(self._settings, channels, scoreboard=self._scoreboard, slot=slot)
        except BaseException:  # nothing may return into the supervisor's loop
            import traceback

            traceback.print_exc()
        finally:
            console.flush()
            os._exit(code)

    # Listening to signals and workers

    def _on_readable(self, fd: int) -> None:
        if fd == self._signals.fileno():
            for signum in self._signals.recv(256):
                if signum in (signal.SIGTERM, signal.SIGINT):
                    self._stop()
            return
        for process in self._processes.values():
            if process.control.fileno() == fd:
                self._hear(process)
                return

    def _hear(self, process: _Process) -> None:
        try:
            messages = process.control.recv(16)
        except OSError:
            messages = b""
        if not messages:  # it has ended, or closed every descriptor: either way there is no more to hear
            self._poller.unregister(process.control)
        if worker.READY in messages:
            process.ready_since = monotonic()
            self._was_ready = True
        if worker.RETIRING in messages:
            process.retiring = True
            self._scoreboard.count_replacement()
            console.report("worker %d is stuck in a call; another takes its place" % process.pid)

    # Stopping

    def _stop(self) -> None:
        """The first time: let the calls in progress finish. The second time: at once."""
        if self._stopping_until:
            self._exit_code = 1
            return
        self._stopping_until = monotonic() + self._settings.shutdown_timeout + _STOP_GRACE
        self._listener.close()
        for process in self._processes.values():
            if process.ready_since:
                self._tell_stop(process)
            else:
                process.kill()

    def _tell_stop(self, process: _Process) -> None:
        try:
            process.control.send(worker.STOP)
        except OSError:
            process.kill()

    def _kill_all(self) -> None:
        for process in self._processes.values():
            process.kill()
        for pid in self._processes:
            os.waitpid(pid, 0)
        self._processes.clear()

    # Replacing

    def _reap(self) -> None:
        """Also of processes that the function left behind, when the supervisor is a container's first process."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            process = self._processes.pop(pid, None)
            if process is not None:
                self._release(process)
                self._judge(process, status)

    def _release(self, process: _Process) -> None:
        with contextlib.suppress(KeyError):  # it had no more to say
            self._poller.unregister(process.control)
        process.close()
        self._scoreboard.slot(process.slot).deadline = 0.0
        self._free_slots.append(process.slot)

    def _judge(self, process: _Process, status: int) -> None:
        """What a worker's end means for the others."""
        if self._stopping_until or process.retiring:
            return
        ending = _describe(status)
        if os.WIFEXITED(status) and os.WEXITSTATUS(status) == worker.EXIT_LOAD_FAILED and not self._serving():
            self._exit_code = 1
            return
        self._scoreboard.count_replacement()
        if process.ready_since:
            self._backoff.settle(monotonic() - process.ready_since)
        self._backoff.fail(monotonic())
        if not self._was_ready and self._backoff.exhausted:
            console.report("the function cannot be started: its process ended %s each time" % ending)
            self._exit_code = 1
            return
        console.report("worker %d ended %s; another takes its place" % (process.pid, ending))

    def _serving(self) -> bool:
        return any(process.ready_since and not process.retiring for process in self._processes.values())

    def _check_loading(self) -> None:
        """A module that never returns from its import would keep the server from ever saying what is wrong."""
        now, limit = monotonic(), self._settings.load_timeout
        for process in self._processes.values():
            if process.ready_since or process.killed or now - process.started < limit:
                continue
            process.kill()
            text = "Unable to load %s.py: it did not return from its import within %g s"
            console.report(text % (self._settings.module, limit))
            if not self._was_ready:
                self._exit_code = 1

    def _check_overdue(self) -> None:
        now = monotonic()
        if not self._overdue.is_due(now):
            return
        for process in self._processes.values():
            reason = self._overdue.judge(self._scoreboard.slot(process.slot), now)
            if process.ready_since and reason and not process.killed:
                console.report("worker %d is killed: %s" % (process.pid, reason))
                process.kill()


def _describe(status: int) -> str:
    if os.WIFEXITED(status):
        return "with exit code %d" % os.WEXITSTATUS(status)
    number = os.WTERMSIG(status)
    hint = " (out of memory?)" if number == signal.SIGKILL else ""
    return "by signal %s%s" % (signal.Signals(number).name if number in set(signal.Signals) else number, hint)
