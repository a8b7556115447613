"""A platform in the background: start it, wait until it is ready, stop it, remove what it left."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TextIO

from kubeless.core.errors import KubelessError
from kubeless.local.state import AlreadyRunning, DataDir, NotADataDir, PlatformState, already_running

START_TIMEOUT = 60.0
"""Seconds until a platform must be ready; it takes about two."""

STOP_TIMEOUT = 30.0
"""Seconds a platform may take to drain its functions before it is killed."""

_END_TIMEOUT = 2.0

_PAUSE = 0.02
_LOG_PAUSE = 0.2
_LOG_PIECE = 2**16


class StartFailed(KubelessError):
    """The platform did not start."""


def start(data_dir: DataDir, arguments: Sequence[str]) -> PlatformState:
    """
    Start `kubeless local up` with `arguments` in the background and wait until it is ready.

    Raises:
        StartFailed: it ended or was not ready in time; the message has the last lines it printed.
        AlreadyRunning: one runs here already.
    """
    data_dir.create()
    if data_dir.is_running():
        raise already_running(data_dir)
    with data_dir.output.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "kubeless.cli.main", "local", "up", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    ready = _wait_until(lambda: data_dir.read().ready or process.poll() is not None, START_TIMEOUT)
    state = data_dir.read()
    if not state.ready:
        process.kill()
        why = f"it ended with exit code {process.wait()}" if ready else f"it was not ready after {START_TIMEOUT:.0f} s"
        raise StartFailed(f"the platform did not start, {why}; it printed:\n{_tail(data_dir)}")
    return state


def stop(data_dir: DataDir) -> bool:
    """Stop the platform on this folder and wait for its end. Returns whether there was one."""
    pid = data_dir.read().pid
    if pid is None:
        return False
    _signal(pid, signal.SIGTERM)
    if not _wait_until(lambda: not data_dir.is_running(), STOP_TIMEOUT):
        _signal(pid, signal.SIGKILL)
    # The lock goes a moment before the process does, and its end may also wait for the parent to take notice.
    _wait_until(lambda: not _signal(pid, 0), _END_TIMEOUT)
    return True


def read_log(data_dir: DataDir, *, follow: bool) -> Iterator[str]:
    """
    What the platform's parts log, in pieces; with `follow` until the reader has enough or the platform stops.

    Raises:
        NotADataDir: there is no log, as no platform has run on this folder.
    """
    try:
        log = data_dir.log.open(errors="replace")
    except FileNotFoundError:
        raise NotADataDir(f"{data_dir.root}: no platform has run here; start one with 'kubeless local up'") from None
    with log:
        yield from _pieces(log)
        while follow and data_dir.is_running():
            if _rotated(log, data_dir):
                log.close()
                log = data_dir.log.open(errors="replace")
            yield from _pieces(log)
            time.sleep(_LOG_PAUSE)


def _pieces(log: TextIO) -> Iterator[str]:
    return iter(lambda: log.read(_LOG_PIECE), "")


def _rotated(log: TextIO, data_dir: DataDir) -> bool:
    """Whether the file that is read is no longer the one that is written."""
    return os.fstat(log.fileno()).st_ino != data_dir.log.stat().st_ino


def reset(data_dir: DataDir) -> bool:
    """
    Remove the folder and all it holds. Returns whether there was one.

    Raises:
        AlreadyRunning: a platform runs on it.
        NotADataDir: the folder was not made by the local platform, so it is not ours to remove.
    """
    if not data_dir.root.exists():
        return False
    if data_dir.is_running():
        raise AlreadyRunning(f"{data_dir.root}: a platform runs here; stop it first with 'kubeless local down'")
    if not data_dir.is_ours():
        raise NotADataDir(f"{data_dir.root}: not made by 'kubeless local up', so nothing was removed; check --data-dir")
    shutil.rmtree(data_dir.root)
    return True


def _signal(pid: int, number: int) -> bool:
    """Send a signal (0: none); whether there is such a process."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True


def _wait_until(condition: Callable[[], object], timeout: float) -> bool:
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(_PAUSE)
    return True


def _tail(data_dir: DataDir, lines: int = 20) -> str:
    return "\n".join(data_dir.output.read_text(errors="replace").splitlines()[-lines:])
