"""
What running containers use, and which of them use too much.

Processes are looked up once in a while for all containers together; between that, those of containers with a memory
limit are asked more often, as an allocation does not wait. With no container running nothing is done. A control group
would enforce a limit in the kernel, but nobody but root may make one, so memory is measured and a container is judged
within `QUICK_PERIOD`; processor time is measured only.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from typing import NoReturn

from kubeless.local.node.processes import (
    MachineUsage,
    ProcessUsage,
    members,
    proportional_memory,
    read_machine,
    read_process,
    read_processes,
)

PERIOD = 5.0
"""Seconds between two looks at all processes."""

FIRST_PERIOD = 1.0
"""The same while a container has just started and nothing can be said about it yet."""

QUICK_PERIOD = 0.5
"""Seconds between two looks at the known processes of containers with a memory limit."""

WINDOW = 15.0
"""Seconds over which processor time is averaged, as metrics-server does."""

_SHORTEST_WINDOW = 0.5


@dataclass(frozen=True, slots=True)
class Usage:
    """What something used."""

    cpu: float
    """Processors, on average over `window`."""
    memory: int
    """Bytes at the end of it."""
    window: float
    """Seconds."""
    at: datetime


@dataclass(slots=True)
class RateWindow:
    """A counter over time: how fast it grows. A counter that falls back has lost something, and counts as still."""

    length: float = WINDOW
    _samples: deque[tuple[float, float]] = field(default_factory=deque)

    def add(self, at: float, total: float) -> None:
        """`total` at the moment `at`, both in seconds."""
        self._samples.append((at, total))
        while len(self._samples) > 2 and self._samples[1][0] <= at - self.length:
            self._samples.popleft()

    @property
    def seconds(self) -> float:
        """The length of time that is known of."""
        return self._samples[-1][0] - self._samples[0][0] if self._samples else 0.0

    @property
    def rate(self) -> float | None:
        """Growth by second; None before two samples are far enough apart."""
        if self.seconds < _SHORTEST_WINDOW:
            return None
        totals = [total for _, total in self._samples]
        grown = sum(max(0.0, after - before) for before, after in pairwise(totals))
        return grown / self.seconds


@dataclass(slots=True, eq=False)
class Measured:
    """One run of a container."""

    pod_uid: str
    container: str
    pid: int
    memory_limit: int | None
    """Bytes."""
    exceeded: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once it used more memory than its limit."""
    memory: int = 0
    cpu: RateWindow = field(default_factory=RateWindow)
    at: datetime | None = None
    pids: list[int] = field(default_factory=list)

    def take(self, processes: list[ProcessUsage], *, now: float) -> None:
        """A look at all its processes."""
        self.pids = [process.pid for process in processes]
        self.cpu.add(now, sum(process.cpu for process in processes))
        self.judge(processes)
        self.at = datetime.now(UTC)

    def judge(self, processes: list[ProcessUsage]) -> None:
        """Compare what processes have in memory with the limit; children that share pages are counted exactly then."""
        self.memory = sum(process.resident for process in processes)
        if self.memory_limit is None or self.memory <= self.memory_limit:
            return
        if len(processes) > 1:
            exact = proportional_memory(process.pid for process in processes)
            self.memory = self.memory if exact is None else exact
        if self.memory > self.memory_limit:
            self.exceeded.set()

    @property
    def usage(self) -> Usage | None:
        """None while too little is known."""
        rate = self.cpu.rate
        if rate is None or self.at is None:
            return None
        return Usage(rate, self.memory, self.cpu.seconds, self.at)


class UsageMeter:
    """Measures while `run` runs, in a task of the owner."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._measured: set[Measured] = set()
        self._some = asyncio.Event()
        self._machine = RateWindow()
        self._look_at_machine()

    @contextmanager
    def measure(self, pod_uid: str, container: str, pid: int, *, memory_limit: int | None) -> Iterator[Measured]:
        """Measure the container whose first process is `pid` while entered."""
        measured = Measured(pod_uid, container, pid, memory_limit)
        self._measured.add(measured)
        self._some.set()
        try:
            yield measured
        finally:
            self._measured.discard(measured)
            if not self._measured:
                self._some.clear()

    def of_pod(self, uid: str) -> dict[str, Usage]:
        """By container; those that have just started are not in it."""
        found = {measured.container: measured.usage for measured in self._measured if measured.pod_uid == uid}
        return {container: usage for container, usage in found.items() if usage is not None}

    def of_machine(self) -> Usage | None:
        """The whole machine since it was last asked about, or over the window; None where the system does not tell."""
        machine = self._look_at_machine()
        rate = self._machine.rate
        if machine is None or rate is None:
            return None
        return Usage(rate, machine.memory, self._machine.seconds, datetime.now(UTC))

    async def run(self) -> NoReturn:
        """Measure until cancelled."""
        while True:
            await self._some.wait()
            processes = await asyncio.to_thread(read_processes)
            self._look_at_machine()
            self._take(processes)
            await self._look_often()

    def _take(self, processes: list[ProcessUsage]) -> None:
        now = self._clock()
        by_leader = members({measured.pid for measured in self._measured}, processes)
        for measured in self._measured:
            if by_leader[measured.pid]:
                measured.take(by_leader[measured.pid], now=now)

    async def _look_often(self) -> None:
        """Wait until all processes are due again, and meanwhile judge what has a limit."""
        began = self._clock()
        while self._clock() - began < self._period():
            await asyncio.sleep(QUICK_PERIOD)
            for measured in [each for each in self._measured if each.memory_limit is not None]:
                known = (read_process(pid) for pid in measured.pids or [measured.pid])
                measured.judge([process for process in known if process is not None])

    def _period(self) -> float:
        return FIRST_PERIOD if any(measured.cpu.rate is None for measured in self._measured) else PERIOD

    def _look_at_machine(self) -> MachineUsage | None:
        machine = read_machine()
        if machine is not None:
            self._machine.add(self._clock(), machine.cpu)
        return machine
