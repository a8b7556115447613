"""
Which process runs on which core, and what it costs.

All that makes or takes load shares one core, and what is measured has the other to itself, so that "events/s on one
core" means that. Children inherit the core of whoever starts them. Where the system cannot bind processes to cores (not
Linux, or one core) everything runs anywhere, and `describe` says so.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOAD = "load"
MEASURED = "measured"


def _choose() -> dict[str, set[int]]:
    if sys.platform != "linux":
        return {}
    usable = sorted(os.sched_getaffinity(0))
    return {LOAD: {usable[0]}, MEASURED: {usable[-1]}} if len(usable) > 1 else {}


_CORES = _choose()


def describe() -> str:
    """How cores are shared out, for people."""
    if not _CORES:
        return "processes are not bound to cores"
    return "what is measured has one core; load, function and broker share another"


def pin(role: str) -> None:
    """Bind this process, and what it starts from now on, to the core of `role`."""
    if sys.platform == "linux" and _CORES:
        os.sched_setaffinity(0, _CORES[role])


@contextmanager
def children_on(role: str) -> Iterator[None]:
    """What is started inside runs on the core of `role`."""
    pin(role)
    try:
        yield
    finally:
        pin(LOAD)


def cpu_seconds(pid: int) -> float | None:
    """CPU time that a process and its children have used; None where the system does not tell."""
    if sys.platform != "linux":
        return None
    total = 0.0
    for each in (pid, *_children(pid)):
        fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return total


def memory_mib(pid: int) -> tuple[float, float] | None:
    """Resident memory of a process in MiB, now and at its highest; None where the system does not tell."""
    if sys.platform != "linux":
        return None
    lines = (line.partition(":") for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    fields = {name: value for name, _, value in lines}
    return int(fields["VmRSS"].split()[0]) / 1024, int(fields["VmHWM"].split()[0]) / 1024


def memory_of_all(pid: int) -> float | None:
    """Resident memory in MiB of a process and all below it; pages that some of them share count for each."""
    if sys.platform != "linux":
        return None
    own = memory_mib(pid)
    return (own[0] if own else 0.0) + sum(memory_of_all(child) or 0.0 for child in _children(pid))


def forget_highest(pid: int) -> None:
    """Let the highest resident memory of a process count from now (proc(5), clear_refs)."""
    if sys.platform == "linux":
        Path(f"/proc/{pid}/clear_refs").write_text("5")


def _children(pid: int) -> list[int]:
    """Of any of its threads: each has children of its own."""
    lists = (file.read_text() for file in Path(f"/proc/{pid}/task").glob("*/children"))
    return [int(child) for each in lists for child in each.split()]
