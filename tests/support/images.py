"""
Images built from the Dockerfiles, upon bases that are made here from Debian's packages.

Needs buildah, debootstrap and root. Nothing is pulled. A base is made once and kept in the user's cache.
"""

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
RELEASE = "bookworm"
PACKAGES = ("ca-certificates", "nodejs", "python3", "python3-venv")
_ASK = """\
import http.client, time
deadline = time.monotonic() + 60
while time.monotonic() < deadline:
    try:
        connection = http.client.HTTPConnection("127.0.0.1", 18099)
        connection.request("POST", "/", "inside")
        print(connection.getresponse().read().decode())
        break
    except OSError:
        time.sleep(0.1)
"""
_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kubeless-tests"
BASE = "localhost/debian:tests"
TIMEOUT = 900


def missing() -> str:
    """Why images cannot be built here; empty if they can."""
    programs = [name for name in ("buildah", "debootstrap") if shutil.which(name) is None]
    if programs:
        return f"not installed: {', '.join(programs)}"
    return "" if os.geteuid() == 0 else "only root can make a base image"


class NoBase(Exception):
    """This machine does not let a base image be made, or anything run in it: a sandbox may forbid both."""


@dataclass(frozen=True)
class Builder:
    """Buildah with a store of its own."""

    folder: Path
    _containers: dict[str, str] = field(default_factory=dict)
    """One for each image: the store copies all files for each container."""

    @property
    def environment(self) -> dict[str, str]:
        """Works inside a container as well, where there are no overlay mounts and no namespaces."""
        return {**os.environ, "BUILDAH_ISOLATION": "chroot", "STORAGE_DRIVER": "vfs"}

    def __call__(self, *arguments: str | Path, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run buildah."""
        return self._run(["buildah", *self._store, *arguments], check=check)

    @property
    def _store(self) -> list[str]:
        return ["--root", str(self.folder / "root"), "--runroot", str(self.folder / "run")]

    def _run(self, command: Sequence[str | Path], *, check: bool) -> subprocess.CompletedProcess[str]:
        result = subprocess.run(
            command,
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            stdin=subprocess.DEVNULL,
        )
        if check and result.returncode != 0:
            raise AssertionError(f"{command[0]} ended with {result.returncode}:\n{result.stdout}{result.stderr}")
        return result

    def load_base(self) -> None:
        """
        Make BASE of the packages above.

        Raises:
            NoBase: it cannot be made, or nothing can be run in it.
        """
        try:
            container = self("from", "scratch").stdout.strip()
            self("add", "--quiet", container, _base_archive(), "/")
            self("run", container, "--", "true")
            self("commit", "--quiet", "--rm", container, BASE)
        except (AssertionError, subprocess.SubprocessError, OSError) as error:
            raise NoBase(f"a base image cannot be made here: {str(error)[-300:]}") from error

    def build(self, dockerfile: str, image: str, **arguments: str) -> None:
        """Build one of the Dockerfiles upon BASE; pip and apt are set up there as they are here."""
        words = [
            word for name, value in ({"BASE": BASE} | arguments).items() for word in ("--build-arg", f"{name}={value}")
        ]
        self("bud", "--network", "host", *self._volumes(), *words, "-f", dockerfile, "-t", image, ".")

    def _volumes(self) -> list[str]:
        configuration = self.folder / "pip.conf"
        configuration.write_text(_pip_configuration())
        files = {configuration: "/etc/pip.conf"}
        certificate = os.environ.get("PIP_CERT", "")
        if certificate:
            files[Path(certificate)] = certificate
        return [word for here, there in files.items() for word in ("--volume", f"{here}:{there}:ro")]

    def inspect(self, image: str) -> dict[str, Any]:
        """The configuration of an image, as the OCI image specification has it."""
        found: dict[str, Any] = json.loads(self("inspect", "--type", "image", image).stdout)["OCIv1"]["config"]
        return found

    def run(self, image: str, *command: str, options: Sequence[str] = ()) -> subprocess.CompletedProcess[str]:
        """Run a command in a container of the image, as the image's user."""
        if image not in self._containers:
            self._containers[image] = self("from", "--pull-never", image).stdout.strip()
        return self("run", *options, self._containers[image], "--", *command, check=False)

    def answer(self, image: str, folder: Path, *, options: Sequence[str] = (), **environment: str) -> str:
        """What the function in a folder says to `inside`, served by the command of its runtime's image."""
        (folder / "ask.py").write_text(_ASK)
        folder.chmod(0o755)
        server = shlex.join(self.inspect(image)["Cmd"])
        script = f"{server} >/dev/null 2>&1 & python3 /kubeless/ask.py; kill $!"
        settings = {"FUNC_PORT": "18099"} | environment
        variables = [word for name, value in settings.items() for word in ("--env", f"{name}={value}")]
        all_options = ["--volume", f"{folder}:/kubeless:ro", *variables, *options]
        result = self.run(image, "sh", "-c", script, options=all_options)
        return result.stdout.strip() or result.stderr

    def remove_everything(self) -> None:
        """Images are large."""
        self("rm", "--all", check=False)
        self("rmi", "--all", "--force", check=False)


def _base_archive() -> Path:
    archive = _CACHE / f"debian-{RELEASE}-{'-'.join(PACKAGES)}.tgz"
    if not archive.exists():
        _CACHE.mkdir(parents=True, exist_ok=True)
        tree = _CACHE / "tree"
        shutil.rmtree(tree, ignore_errors=True)
        options = ["--variant=minbase", f"--include={','.join(PACKAGES)}"]
        subprocess.run(["debootstrap", *options, RELEASE, str(tree), *_mirror()], check=True, capture_output=True)
        partial = archive.with_suffix(".part")
        subprocess.run(["tar", "-C", str(tree), "-czf", str(partial), "."], check=True)
        shutil.rmtree(tree)
        partial.rename(archive)
    return archive


def _mirror() -> list[str]:
    """Where apt takes packages from on this machine; debootstrap looks nowhere by itself."""
    listed = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(SITE) $(CREATED_BY)"], capture_output=True, text=True
    ).stdout.splitlines()
    sites = [line.split()[0] for line in listed if line.endswith(" Packages")]
    return sites[:1]


def _pip_configuration() -> str:
    """What pip goes by on this machine, files and variables together."""
    listed = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True).stdout
    settings = {}
    for line in listed.splitlines():
        name, _, value = line.partition("=")
        settings[name.rpartition(".")[2]] = value.strip("'\"")
    settings.pop("find-links", None)
    return "[global]\n" + "".join(f"{name} = {value}\n" for name, value in settings.items())
