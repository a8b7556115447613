"""
What the processes of this machine use, as Linux tells in `/proc` (proc(5)).

A container's processes are those of the session that its runner made, and whatever descends from them: a child that
began a session of its own still belongs to the container. On other systems there is no `/proc`, and nothing is found.
"""

import os
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class ProcessUsage:
    """One process at one moment."""

    pid: int
    parent: int
    session: int
    cpu: float
    """Seconds of processor time so far, with those of its children that have ended and were waited for."""
    resident: int
    """Bytes of memory that are present; pages shared with others are counted in full."""


def parse_stat(content: bytes) -> ProcessUsage | None:
    """The content of `/proc/<pid>/stat`; None if it is not that. The command's name may hold anything."""
    head, _, rest = content.rpartition(b")")
    fields = rest.split()
    try:
        return ProcessUsage(
            pid=int(head.partition(b" ")[0]),
            parent=int(fields[1]),
            session=int(fields[3]),
            cpu=sum(int(field) for field in fields[11:15]) / _TICKS_PER_SECOND,
            resident=int(fields[21]) * _PAGE,
        )
    except (ValueError, IndexError):
        return None


def read_process(pid: int, *, proc: Path = PROC) -> ProcessUsage | None:
    """One process; None if it is gone."""
    try:
        with open(f"{proc}/{pid}/stat", "rb") as file:
            return parse_stat(file.read())
    except OSError:
        return None


def read_processes(*, proc: Path = PROC) -> list[ProcessUsage]:
    """All processes of the machine. Blocks for some milliseconds."""
    try:
        pids = [int(name) for name in os.listdir(proc) if name.isdigit()]
    except OSError:
        return []
    return [process for pid in pids if (process := read_process(pid, proc=proc)) is not None]


def members(leaders: Iterable[int], processes: Iterable[ProcessUsage]) -> Mapping[int, list[ProcessUsage]]:
    """The processes that belong to each session leader; a leader inside another one's tree keeps its own."""
    every = list(processes)
    wanted = set(leaders)
    children: dict[int, list[ProcessUsage]] = defaultdict(list)
    for process in every:
        children[process.parent].append(process)
    found: dict[int, list[ProcessUsage]] = {leader: [] for leader in wanted}
    seen: set[int] = set()
    for leader in wanted:
        waiting = [process for process in every if process.session == leader]
        while waiting:
            process = waiting.pop()
            if process.pid in seen or (process.pid in wanted and process.pid != leader):
                continue
            seen.add(process.pid)
            found[leader].append(process)
            waiting += children[process.pid]
    return found


def proportional_memory(pids: Iterable[int], *, proc: Path = PROC) -> int | None:
    """
    Bytes that the processes use together, each shared page counted once among those that share it.

    Costs milliseconds, so it is for a last look before a judgement. None where the system does not tell.
    """
    total = 0
    for pid in pids:
        try:
            lines = (proc / str(pid) / "smaps_rollup").read_text(encoding="ascii").splitlines()
            total += next(int(line.split()[1]) << 10 for line in lines if line.startswith("Pss:"))
        except (OSError, ValueError, IndexError, StopIteration):
            return None
    return total


@dataclass(frozen=True, slots=True)
class MachineUsage:
    """The whole machine at one moment."""

    cpu: float
    """Seconds in which its processors worked since it started."""
    memory: int
    """Bytes that are in use and cannot be had for the asking."""


def read_machine(*, proc: Path = PROC) -> MachineUsage | None:
    """None where the system does not tell."""
    try:
        times = [int(field) for field in (proc / "stat").read_bytes().partition(b"\n")[0].split()[1:9]]
        lines = (line.split() for line in (proc / "meminfo").read_text(encoding="ascii").splitlines())
        amounts = {line[0].rstrip(":"): int(line[1]) << 10 for line in lines}
        idle = times[3] + times[4]  # without work, or waiting for a disk
        return MachineUsage((sum(times) - idle) / _TICKS_PER_SECOND, amounts["MemTotal"] - amounts["MemAvailable"])
    except (OSError, ValueError, IndexError, KeyError):
        return None
