"""A platform in the background: start it, wait until it is ready, stop it, remove what it left."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence

from kubeless.core.errors import KubelessError
from kubeless.local.state import AlreadyRunning, DataDir, NotADataDir, PlatformState, already_running

START_TIMEOUT = 60.0
"""Seconds until a platform must be ready; it takes about two."""

STOP_TIMEOUT = 30.0
"""Seconds a platform may take to drain its functions before it is killed."""

_PAUSE = 0.02


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
        _wait_until(lambda: not data_dir.is_running(), _PAUSE * 100)
    return True


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


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _wait_until(condition: Callable[[], object], timeout: float) -> bool:
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(_PAUSE)
    return True


def _tail(data_dir: DataDir, lines: int = 20) -> str:
    return "\n".join(data_dir.output.read_text(errors="replace").splitlines()[-lines:])
