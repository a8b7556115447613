"""
The workers, and the calls that wait for one.

One worker serves calls one after the other. When a call has to wait, more workers start; those that were needed for a
while only are dismissed. A call over its time is answered 408, and its worker killed.
"""

import os
import sys
from collections import OrderedDict

from .answer import plain
from .clock import now
from .metrics import Metrics
from .worker import Worker
from .worker_process import EXIT_LOAD_FAILED

PATIENCE = 0.02
"""Seconds that a call waits before more workers start."""
SPARE_LIFE = 30.0
BACKOFF = 1.0
TIMED_OUT = "Timeout while processing the function\n"


class Pool(object):
    """`front` hears `ready` once, and `fatal` when the function cannot be loaded."""

    def __init__(self, settings, reactor, front):
        self._settings = settings
        self._reactor = reactor
        self._front = front
        self.metrics = Metrics()
        self.workers = {}
        self._idle = []
        self._waiting = OrderedDict()
        self._open = OrderedDict()  # in the order of their deadlines
        self._was_ready = False
        self._not_before = 0.0

    def spawn(self):
        worker = Worker(self, self._reactor, self._front.become_worker)
        self.workers[worker.pid] = worker

    @property
    def is_idle(self):
        return not self._open

    def submit(self, call):
        self._open[call] = True
        if self._idle:
            self._idle.pop().begin(call)
        else:
            self._waiting[call] = True

    def tick(self, moment):
        """What is due at this moment."""
        while self._open and _first(self._open).deadline <= moment:
            self._expire(_first(self._open))
        if self._waiting and _first(self._waiting).began + PATIENCE <= moment and self._not_before <= moment:
            self._grow()
        self._check_loading(moment)
        if len(self._idle) > 1 and moment - self._idle[0].idle_since > SPARE_LIFE:
            self._idle.pop(0).dismiss()

    def next_moment(self, moment):
        """When `tick` is to be called at the latest."""
        moments = [moment + 1.0]
        if self._open:
            moments.append(_first(self._open).deadline)
        if self._waiting and len(self._starting()) < len(self._waiting) and not self._is_full():
            moments.append(max(_first(self._waiting).began + PATIENCE, self._not_before))
        return min(moments)

    def ready(self, worker):
        if not self._was_ready:
            self._was_ready = True
            self._front.ready()
        self._rest(worker)

    def answered(self, worker, call, answer):
        self._settle(call, failed=answer[0] >= 500)
        call.connection.respond(*answer)
        self._rest(worker)

    def reaped(self, pid, status):
        """A process has ended."""
        worker = self.workers.get(pid)
        if worker is None:
            return
        worker.reaped()
        if worker in self._idle:
            self._idle.remove(worker)
        del self.workers[pid]
        if not worker.is_released:
            self._explain(worker, status)
        if worker.call is not None:
            self._lose(worker.call)
        if not self.workers and self._front.needs_workers:
            self.spawn()

    def give_up(self):
        """Every call in progress fails; there will be no other."""
        for call in list(self._open):
            self._lose(call)

    def _rest(self, worker):
        if self._waiting:
            worker.begin(self._waiting.popitem(last=False)[0])
        else:
            worker.idle_since = now()
            self._idle.append(worker)

    def _starting(self):
        return [worker for worker in self.workers.values() if worker.is_starting]

    def _any_serving(self):
        return any(worker.is_serving for worker in self.workers.values())

    def _is_full(self):
        return len(self.workers) >= self._settings.workers

    def _grow(self):
        for _ in range(len(self._waiting) - len(self._starting())):
            if not self._is_full():
                self.spawn()

    def _expire(self, call):
        self._waiting.pop(call, None)
        self._settle(call, failed=False)
        call.connection.respond(*plain(408, TIMED_OUT))
        sys.stderr.write("%s did not answer within %g s\n" % (self._settings.function, self._settings.timeout))
        if call.worker is not None:
            self._end_stuck(call.worker)

    def _end_stuck(self, worker):
        self.metrics.replaced_workers += 1
        worker.call = None
        worker.kill()
        if not self._any_serving() and not self._starting():
            self.spawn()

    def _check_loading(self, moment):
        limit = self._settings.load_timeout
        for worker in self._starting():
            if moment >= worker.started + limit:
                worker.kill()
                self._unusable("%s did not return from its import within %g s" % (self._settings.file, limit))

    def _explain(self, worker, status):
        self.metrics.replaced_workers += 1
        signaled = os.WIFSIGNALED(status)
        how = "by signal %d" % os.WTERMSIG(status) if signaled else "with code %d" % os.WEXITSTATUS(status)
        if worker.is_ready:
            sys.stderr.write("Function failed to execute: the function ended its process %s\n" % how)
        else:
            told = not signaled and os.WEXITSTATUS(status) == EXIT_LOAD_FAILED
            self._unusable(None if told else "it ended its process %s" % how)

    def _unusable(self, reason):
        if reason is not None:
            sys.stderr.write("function %s cannot be loaded: %s\n" % (self._settings.function, reason))
        self._not_before = now() + BACKOFF
        if not self._any_serving():
            self._front.fatal()

    def _lose(self, call):
        self._settle(call, failed=True)
        call.connection.respond(*plain(500, "Internal Server Error\n"))

    def _settle(self, call, failed):
        self._open.pop(call, None)
        self.metrics.record(call.request[0], now() - call.began, failed)


def _first(calls):
    return next(iter(calls))
