"""
The folder of a local platform, `.kubeless/` unless told otherwise: what is in it, and is its platform running.

A running platform holds a lock on `lock` for as long as it lives, however it dies, so nobody has to trust a PID file.
What it tells others (PID, addresses, whether it is ready) is in `platform.json`, replaced as a whole.
"""

import fcntl
import json
import os
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from kubeless.core.errors import KubelessError

DEFAULT_DATA_DIR = Path(".kubeless")

_LOCK_PATIENCE = 0.3
"""Seconds to keep trying for the lock: whoever asks `is_running` holds it for an instant."""

_MARKER = "kubeless local platform; made by `kubeless local up`, removed by `kubeless local reset`\n"


class AlreadyRunning(KubelessError):
    """A local platform already runs on this folder."""


class NotADataDir(KubelessError):
    """The folder was not made by the local platform."""


@dataclass(frozen=True, slots=True)
class PlatformState:
    """What a running platform tells: the content of `platform.json`."""

    pid: int | None = None
    ready: bool = False
    addresses: dict[str, str] = field(default_factory=dict)
    """Name of a part (api, gateway, …) to its URL."""


@dataclass(frozen=True, slots=True)
class DataDir:
    """The paths inside one data folder."""

    root: Path

    @property
    def kubeconfig(self) -> Path:
        """A kubeconfig whose only context is the platform."""
        return self.root / "kubeconfig"

    @property
    def database(self) -> Path:
        """The objects of the embedded API server."""
        return self.root / "state.db"

    @property
    def node(self) -> Path:
        """Everything that pods need on disk."""
        return self.root / "node"

    @property
    def nats(self) -> Path:
        """What the NATS server keeps: streams and consumers."""
        return self.root / "nats"

    @property
    def log(self) -> Path:
        """What the platform's own parts log."""
        return self.root / "platform.log"

    @property
    def portal_log(self) -> Path:
        """What the portal's process logs."""
        return self.root / "portal.log"

    @property
    def output(self) -> Path:
        """What a platform in the background prints, above all why it did not start."""
        return self.root / "output.log"

    def create(self) -> None:
        """
        Make the folder, readable by its owner only: it holds the Secrets of the platform.

        Raises:
            NotADataDir: there is such a folder with something else in it.
        """
        if self.root.is_dir() and any(self.root.iterdir()) and not self.is_ours():
            raise NotADataDir(f"{self.root}: this folder holds other things; choose another one with --data-dir")
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._marker.write_text(_MARKER)

    def is_ours(self) -> bool:
        """Whether the folder was made by a local platform."""
        return self._marker.is_file()

    def read(self) -> PlatformState:
        """The state of the platform that runs on this folder; the empty state when none does."""
        if not self.is_running():
            return PlatformState()
        try:
            return PlatformState(**json.loads(self._state.read_text()))
        except FileNotFoundError:  # it has the lock, and has not told anything yet
            return PlatformState()

    def write(self, state: PlatformState) -> None:
        """Tell `state` to others; readers see the old or the new one, never half of it."""
        draft = self._state.with_suffix(".new")
        draft.write_text(json.dumps(asdict(state)))
        draft.replace(self._state)

    def is_running(self) -> bool:
        """Whether a platform holds the lock."""
        try:
            descriptor = os.open(self._lock, os.O_RDWR)
        except OSError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        else:
            return False
        finally:
            os.close(descriptor)

    def lock(self) -> "PlatformLock":
        """The lock to hold while a platform runs on this folder."""
        return PlatformLock(self)

    @property
    def _marker(self) -> Path:
        return self.root / "README"

    @property
    def _lock(self) -> Path:
        return self.root / "lock"

    @property
    def _state(self) -> Path:
        return self.root / "platform.json"


class PlatformLock:
    """Held by the one platform that may run on a folder. The kernel lets go of it when the process ends."""

    def __init__(self, data_dir: DataDir) -> None:
        self._data_dir = data_dir
        self._descriptor = -1

    def __enter__(self) -> Self:
        """
        Take the lock and forget what an earlier platform told.

        Raises:
            AlreadyRunning: another process holds it.
        """
        self._descriptor = os.open(self._data_dir.root / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        deadline = time.monotonic() + _LOCK_PATIENCE
        while not self._try():
            if time.monotonic() > deadline:
                os.close(self._descriptor)
                raise already_running(self._data_dir)
            time.sleep(0.01)
        (self._data_dir.root / "platform.json").unlink(missing_ok=True)
        return self

    def _try(self) -> bool:
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        os.close(self._descriptor)


def already_running(data_dir: DataDir) -> AlreadyRunning:
    """The error for a second platform on a folder."""
    pid = data_dir.read().pid
    return AlreadyRunning(
        f"{data_dir.root}: a platform already runs here{f' with PID {pid}' if pid else ''}; "
        "stop it with 'kubeless local down' or choose another --data-dir"
    )


def find(start: Path) -> DataDir | None:
    """The data folder of a running platform in `start` or the nearest folder above it that has one."""
    for folder in (start, *start.parents):
        data_dir = DataDir(folder / DEFAULT_DATA_DIR)
        if data_dir.is_running():
            return data_dir
    return None
