"""
The programs of a real control plane: kube-apiserver, etcd and, where it is there, kube-controller-manager.

`KUBEBUILDER_ASSETS` names a folder with them, as for the tests of other controllers. Otherwise they are what
`python -m support.clusterprograms` (`make kube-apiserver`) compiled, with `go` alone and from the sources that the Go
module in `realcluster/` pins; they are kept outside the tree like everything that tests fetch. A test run never
compiles them itself: that takes minutes, and a person should want it.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from support.kafkajars import cache_folder

ASSETS = "KUBEBUILDER_ASSETS"
API_SERVER = "kube-apiserver"
ETCD = "etcd"
CONTROLLER_MANAGER = "kube-controller-manager"

_MODULE = Path(__file__).parent / "realcluster"
_VERSION_PACKAGE = "k8s.io/component-base/version"
_BUILD_TIMEOUT = 3600.0


class ClusterUnavailable(Exception):
    """There is no real API server on this machine; the message says how to come by one."""


@dataclass(frozen=True, slots=True)
class ClusterPrograms:
    """Paths of the programs. Without a controller manager nothing collects garbage or makes pods and endpoints."""

    api_server: Path
    etcd: Path
    controller_manager: Path | None


def find_programs() -> ClusterPrograms:
    """
    The programs of this machine.

    Raises:
        ClusterUnavailable: it has none.
    """
    named = os.environ.get(ASSETS)
    folder = Path(named) if named else _built_folder()
    for name in (API_SERVER, ETCD):
        if not (folder / name).is_file():
            remedy = f"name a folder that has it in {ASSETS}" if named else f"run `make {API_SERVER}` or set {ASSETS}"
            raise ClusterUnavailable(f"no {name} in {folder}; {remedy}")
    manager = folder / CONTROLLER_MANAGER
    return ClusterPrograms(folder / API_SERVER, folder / ETCD, manager if manager.is_file() else None)


def has_programs() -> bool:
    """Whether there is a real API server to start."""
    try:
        find_programs()
    except ClusterUnavailable:
        return False
    return True


def pinned_version() -> str:
    """The version of Kubernetes that is compiled, as `1.36.3`."""
    found = re.search(r"^\s*k8s\.io/kubernetes v(\S+)$", (_MODULE / "go.mod").read_text(), re.MULTILINE)
    assert found, "go.mod requires no k8s.io/kubernetes"
    return found[1]


def build() -> Path:
    """
    Compile the programs unless they are there; about ten minutes and 3 GB of Go's caches the first time.

    Returns:
        The folder they are in.

    Raises:
        ClusterUnavailable: there is no Go, or it cannot compile them.
    """
    folder = _built_folder()
    missing = [name for name in (ETCD, API_SERVER, CONTROLLER_MANAGER) if not (folder / name).is_file()]
    if missing:
        go = shutil.which("go")
        if go is None:
            raise ClusterUnavailable("go is not on PATH; install Go 1.26 or newer")
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f"{folder.name}.") as unfinished:
            _compile(go, missing, Path(unfinished))
            folder.mkdir(exist_ok=True)
            for name in missing:
                (Path(unfinished) / name).replace(folder / name)
    return folder


def _built_folder() -> Path:
    return cache_folder() / f"kubernetes-{pinned_version()}"


def _compile(go: str, names: list[str], folder: Path) -> None:
    version = pinned_version()
    major, minor, _ = version.split(".", 2)
    told = {"gitVersion": f"v{version}", "gitMajor": major, "gitMinor": minor}
    linker = " ".join(["-s", "-w", *(f"-X {_VERSION_PACKAGE}.{name}={value}" for name, value in told.items())])
    command = [go, "build", "-p", "2", "-trimpath", "-buildvcs=false", "-ldflags", linker, "-o", f"{folder}/"]
    try:
        subprocess.run(
            ["nice", *command, *(f"./cmd/{name}" for name in names)],
            cwd=_MODULE,
            env={**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly"},
            check=True,
            timeout=_BUILD_TIMEOUT,
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        raise ClusterUnavailable(f"Go could not compile Kubernetes {version}: {error}") from error


def main() -> int:
    """Compile, and say where to and how long it took."""
    started = time.monotonic()
    try:
        folder = build()
    except ClusterUnavailable as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{folder} ({time.monotonic() - started:.0f} s)\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
