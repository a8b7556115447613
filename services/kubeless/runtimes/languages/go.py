"""The Go runtimes. A function is compiled into its server, so there is one image to compile with and one to run."""

import subprocess
from pathlib import Path

from kubeless.runtimes.languages.language import Language, ends
from kubeless.runtimes.localruntime import LocalRuntime, Which
from kubeless.runtimes.runtime import Phase, Runtime
from kubeless.runtimes.toolchain import Toolchain, find, parse_version

VERSIONS = {
    "1.10": "2019-02-25",
    "1.13": "2020-08-11",
    "1.14": "2021-02-16",
    "1.22": "2025-02-11",
    "1.23": "2025-08-12",
    "1.24": "2026-02-11",
    "1.25": "2026-08-11",
    "1.26": "",
}
"""With the day of their end of life: when the second next version was released (go.dev/doc/devel/release)."""

TOOLCHAIN = Toolchain(
    title="Go",
    programs=("go{version}", "go"),
    ask=("version",),
    answer=r"go(\d+\.\d+(?:\.\d+)?)",
    oldest=(1, 21),
    package="apt install golang",
)


_RUNTIME = Path(__file__).parents[1] / "go"

OLDEST_IMAGE = "1.22"
"""The server needs Go 1.21. A later Go compiles what was written for an older one."""


def runtimes(registry: str) -> list[Runtime]:
    """The runtimes, with images below `registry`."""
    return [_runtime(version, registry) for version in VERSIONS]


def _runtime(version: str, registry: str) -> Runtime:
    compiler = max(version, OLDEST_IMAGE, key=parse_version)
    return Runtime(
        id=f"go{version}",
        language="go",
        version=version,
        dep_name="Gopkg.toml" if version == "1.10" else "go.mod",
        suffix=".go",
        compile=Phase(
            image=f"{registry}/go-init:{compiler}",
            command="/compile-function.sh",
            env={"GOCACHE": "$(KUBELESS_INSTALL_VOLUME)/.cache"},
        ),
        run=Phase(image=f"{registry}/go:{compiler}"),
        end_of_life=ends(VERSIONS, version),
    )


def locate(runtime: Runtime, which: Which) -> LocalRuntime:
    """Find Go. Raises RuntimeNotAvailable."""
    go, warning = find(TOOLCHAIN, runtime, versions=tuple(VERSIONS), which=which)
    return LocalRuntime(
        interpreter=go.path,
        version=".".join(str(part) for part in go.version),
        warning=warning,
        compile=("sh", str(_RUNTIME / "compile.sh"), "{volume}"),
        run=("{volume}/supervise", "{volume}/server"),
        # The user's own cache, not the one below the volume that a pod has in a cluster: packages are compiled once.
        env={"GOTOOLCHAIN": "local", "GOWORK": "off", "KUBELESS_GO": go.path, "GOCACHE": _cache(go.path)},
    )


def _cache(go: str) -> str:
    """Where this Go keeps what it compiled; it has a default when it is told an empty name."""
    try:
        done = subprocess.run([go, "env", "GOCACHE"], capture_output=True, check=True, timeout=10, text=True)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()


LANGUAGE = Language(runtimes=runtimes, locate={"go": locate})
