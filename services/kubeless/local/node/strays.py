"""
End processes that an earlier platform left behind.

A platform that is killed takes its pods with it: each runner sees its lifeline close. Only where runner and platform
are killed together something may stay. Each runner has therefore written down which processes it started; a number
counts only with the same start time, as systems use numbers again.
"""

import contextlib
import os
import signal
import time
from pathlib import Path

from kubeless.local.node.runner import start_mark

PROCESS_FILE_SUFFIX = ".pid"
GRACE = 1.0
_PAUSE = 0.02


def end_strays(pods: Path) -> int:
    """End every process named in a process file below `pods`, at last by force. Returns how many were alive. Blocks."""
    files = list(pods.glob(f"*/processes/*{PROCESS_FILE_SUFFIX}"))
    alive = [entry for file in files for entry in _read(file) if _is_alive(*entry)]
    for pid, _ in alive:
        _signal(pid, signal.SIGTERM)
    deadline = time.monotonic() + GRACE
    while any(_is_alive(*entry) for entry in alive) and time.monotonic() < deadline:
        time.sleep(_PAUSE)
    for pid, mark in alive:
        kill_group(pid, mark)
    for file in files:
        file.unlink(missing_ok=True)
    return len(alive)


def kill_group(pid: int, mark: str) -> None:
    """Kill what is left of the group that the process `pid` with start time `mark` led."""
    # While members are left, the number of a group is not given to another process: no leader means it is still ours.
    if mark and start_mark(pid) in ("", mark):
        _signal(pid, signal.SIGKILL)


def _read(file: Path) -> list[tuple[int, str]]:
    entries = []
    with contextlib.suppress(OSError, ValueError):
        for line in file.read_text(encoding="ascii").splitlines():
            pid, _, mark = line.partition(" ")
            entries.append((int(pid), mark))
    return entries


def _is_alive(pid: int, mark: str) -> bool:
    # Without a start time (elsewhere than on Linux) a number alone proves nothing, and killing a stranger is worse.
    return bool(mark) and start_mark(pid) == mark and not _is_zombie(pid)


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0] == b"Z"
    except (OSError, IndexError):
        return True


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)
