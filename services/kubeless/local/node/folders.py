"""
Where a pod's files lie.

Below `data_dir/pods/<uid>/`: `volumes/<volume>` (one folder each), `logs/<container>/`, `processes/` (process files,
see `kubeless.local.node.strays`), `done/` (init containers that need not run again), `scratch` and `tmp`. Names come
from the API, so none is trusted to be a plain file name.
"""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from kubeless.core.errors import InvalidField

_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?")


@dataclass(frozen=True, slots=True)
class PodFolder:
    """The folder of one pod. Methods that touch the disk block; they are for threads."""

    root: Path

    @classmethod
    def of(cls, data_dir: Path, uid: str) -> "PodFolder":
        """The folder of the pod `uid` below the platform's folder."""
        return cls(data_dir.resolve() / "pods" / plain_name("metadata.uid", uid))

    @property
    def volumes(self) -> Path:
        """The folder that holds a folder for each volume."""
        return self.root / "volumes"

    @property
    def temporary(self) -> Path:
        """What a process of the pod gets as TMPDIR."""
        return self.root / "tmp"

    def volume(self, name: str) -> Path:
        """The folder of one volume."""
        return self.volumes / plain_name("spec.volumes[].name", name)

    def scratch(self, name: str) -> Path:
        """A file for work in progress, on the same file system as the volumes."""
        return self.root / "scratch" / name

    def logs(self, container: str) -> Path:
        """The folder of a container's logs."""
        return self.root / "logs" / plain_name("spec.containers[].name", container)

    def log_prefix(self, container: str, restart: int) -> Path:
        """The path of a container's log after `restart` restarts, without the number of the segment."""
        return self.logs(container) / str(restart)

    def process_file(self, container: str, restart: int) -> Path:
        """Where the runner of a container, after `restart` restarts, writes down its processes while they run."""
        return self.root / "processes" / f"{plain_name('spec.containers[].name', container)}.{restart}.pid"

    def done(self, container: str) -> Path:
        """A file that exists once an init container has succeeded."""
        return self.root / "done" / plain_name("spec.initContainers[].name", container)

    def create(self, containers: list[str]) -> None:
        """Make the folders, which may exist already."""
        for folder in ("volumes", "logs", "processes", "done", "tmp", "scratch"):
            (self.root / folder).mkdir(parents=True, exist_ok=True, mode=0o700)
        for container in containers:
            self.logs(container).mkdir(exist_ok=True)

    def remove(self) -> None:
        """Remove everything. A function may have left files that cannot be read: those are made readable first."""
        shutil.rmtree(self.root, onerror=_make_writable_and_retry)

    def forget_old_logs(self, container: str, restart: int) -> None:
        """Keep the logs of this run and the one before."""
        for path in self.logs(container).glob("*.log"):
            run = path.name.partition(".")[0]
            if run.isdigit() and int(run) < restart - 1:
                path.unlink(missing_ok=True)


def plain_name(field: str, name: str) -> str:
    """
    The name, if it can be nothing but a file name.

    Raises:
        InvalidField: it is empty, has a slash, or is a way up.
    """
    if not _NAME.fullmatch(name):
        raise InvalidField(field, name, problem="is not a plain name", remedy="use letters, digits, '-' and '.'")
    return name


def _make_writable_and_retry(function: object, path: str, _error: object) -> None:
    target = Path(path)
    try:
        target.parent.chmod(0o700)
        if target.is_dir() and not target.is_symlink():
            target.chmod(0o700)
            shutil.rmtree(target, ignore_errors=True)
        else:
            target.unlink()
    except OSError:
        pass  # the folder stays; the next start tries again
    del function
