"""A local platform, started and used as a person would: the `kubeless` command, `kubectl`, HTTP."""

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest

PORTS = ("api", "gateway", "gateway-tls", "kafka", "nats", "portal")
"""The platform's parts that have a port option."""


def free_ports(**chosen: int) -> list[str]:
    """
    Options that let each part of the platform listen on a free port, but for those with a `chosen` one.

    The portal is left out unless it is chosen: few tests look at it, and it is a process more.
    """
    ports = [word for part in PORTS for word in (f"--{part}-port", str(chosen.get(part, 0)))]
    return ports if "portal" in chosen else [*ports, "--no-portal"]


@dataclass(frozen=True)
class Answer:
    """An HTTP answer."""

    status: int
    body: str


def compiler_caches() -> dict[str, str]:
    """Those of the person who runs the tests: to compile a language's own packages anew takes half a minute."""
    home = Path.home()
    return {
        "GOCACHE": str(home / ".cache" / "go-build"),
        "GOMODCACHE": str(home / "go" / "pkg" / "mod"),
        "MAVEN_OPTS": f"-Dmaven.repo.local={home / '.m2' / 'repository'}",
    }


@dataclass(frozen=True)
class LocalPlatform:
    """A platform in its own folder, and the commands to use it."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """As of someone who works in `folder`, with no other cluster and no discovery cache; warnings are errors."""
        kept = {name: value for name, value in os.environ.items() if name != "KUBECONFIG"}
        return {**compiler_caches(), **kept, "HOME": str(self.folder), "PYTHONWARNINGS": "error"}

    def kubeless(self, *arguments: str, check: bool = True, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run the `kubeless` command in the platform's folder."""
        return self._run([sys.executable, "-m", "kubeless.cli.main", *arguments], check=check, stdin=stdin)

    def kubectl(self, *arguments: str, check: bool = True, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run `kubectl` against the platform; skips the test where there is none."""
        program = shutil.which("kubectl")
        if program is None:
            pytest.skip("kubectl is not on PATH")
        kubeconfig = str(self.folder / ".kubeless" / "kubeconfig")
        return self._run([program, "--kubeconfig", kubeconfig, *arguments], check=check, stdin=stdin)

    def up(self, *arguments: str, portal: bool = False) -> None:
        """Start it in the background on free ports."""
        ports = free_ports(portal=0) if portal else free_ports()
        self.kubeless("local", "up", "-d", *ports, *arguments)

    def down(self) -> None:
        """Stop it."""
        self.kubeless("local", "down")

    @property
    def status(self) -> dict[str, Any]:
        """What `kubeless local status -o json` tells."""
        result: dict[str, Any] = json.loads(self.kubeless("local", "status", "-o", "json", check=False).stdout)
        return result

    def http(self, method: str, path: str, *, host: str | None = None, data: bytes | None = None) -> Answer:
        """Send a request to the gateway."""
        request = urllib.request.Request(self.status["addresses"]["gateway"] + path, data=data, method=method)
        if host is not None:
            request.add_header("Host", host)
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                return Answer(response.status, response.read().decode())
        except HTTPError as error:
            with error:
                return Answer(error.code, error.read().decode())

    def processes(self) -> list[str]:
        """The command lines of all processes that work in or below the platform's folder."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                environment = (process / "environ").read_bytes()
                command = (process / "cmdline").read_bytes()
            except OSError:
                continue
            if str(self.folder).encode() in environment + command and command:
                found.append(command.replace(b"\0", b" ").decode(errors="replace"))
        return found

    def _run(self, command: list[str], *, check: bool, stdin: str) -> subprocess.CompletedProcess[str]:
        result = subprocess.run(
            command, cwd=self.folder, env=self.environment, input=stdin, capture_output=True, text=True, timeout=90
        )
        if check and result.returncode != 0:
            pytest.fail(f"{' '.join(command)} ended with {result.returncode}:\n{result.stdout}{result.stderr}")
        return result


def eventually(condition: Callable[[], object], *, within: float = 60.0) -> None:
    """Wait until `condition` holds; fails after `within` seconds."""
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, f"not true within {within} s"
        time.sleep(0.05)


def deploy(platform: LocalPlatform, name: str, code: str, *more: str, verb: str = "deploy") -> None:
    """Deploy or update a function whose handler is `<name>.run`."""
    (platform.folder / f"{name}.py").write_text(code)
    settings = ("--runtime", "python3.11", "--handler", f"{name}.run") if verb == "deploy" else ()
    platform.kubeless("function", verb, name, *settings, "--from-file", f"{name}.py", "--wait", *more)


def logs(platform: LocalPlatform, function: str) -> str:
    """What the function's pods have printed."""
    return platform.kubeless("function", "logs", function).stdout
