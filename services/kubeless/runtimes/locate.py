"""
Run a runtime's functions on this machine.

In a cluster a runtime is a set of images. Here it is an interpreter that is already installed, so the exact version
may be missing; then the nearest one that works is taken, and said so.
"""

import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from kubeless.core.errors import KubelessError
from kubeless.runtimes.interpreters import Interpreter, find_interpreter
from kubeless.runtimes.languages import python
from kubeless.runtimes.runtime import Runtime

Which = Callable[[str], str | None]

OLDEST_PYTHON = (3, 9)
"""The function server needs this version or a newer one."""

_PYTHON_SERVER = Path(__file__).parent / "python" / "kubeless_runtime" / "__main__.py"
"""The file, not its folder: to run a folder, Python 3.9 imports `runpy` where a function's own files come first."""


@dataclass(frozen=True, slots=True)
class LocalRuntime:
    """
    How to run a runtime's functions as processes of this machine.

    Commands are argument lists without a shell. In them and in `env`, `{volume}` stands for the folder of the
    function and `{deps}` for the path of its dependency file.
    """

    interpreter: str
    version: str
    """The version that really runs."""
    warning: str | None
    """For people: in what this differs from what was asked for."""
    install: tuple[str, ...] | None
    compile: tuple[str, ...] | None
    run: tuple[str, ...]
    env: Mapping[str, str]


class RuntimeNotAvailable(KubelessError):
    """This machine lacks what the runtime needs."""


def locate(runtime: Runtime, *, which: Which = shutil.which) -> LocalRuntime:
    """
    Find what runs a runtime's functions here.

    Starts interpreters to ask for their version, so it may block for a moment: call it in a thread. Raises
    RuntimeNotAvailable, which says what to install.
    """
    locator = _LOCATORS.get(runtime.language)
    if locator is None:
        raise RuntimeNotAvailable(
            f"{runtime.id}: functions in {runtime.language} cannot run on this machine; "
            f"local mode runs {', '.join(_LOCATORS)}"
        )
    return locator(runtime, which)


def _locate_python(runtime: Runtime, which: Which) -> LocalRuntime:
    major, minor = (int(part) for part in f"{runtime.version}.0".split(".")[:2])
    wanted = (major, minor)
    if wanted < (3,):
        raise RuntimeNotAvailable(
            f"{runtime.id}: Python 2 functions cannot run on this machine; "
            "install python3 and choose a runtime such as python3.11"
        )
    for version in _by_distance(wanted):
        found = find_interpreter(version, which)
        if found is not None:
            return _python(found, warning=None if found.minor == wanted else _instead(runtime, wanted, found))
    raise RuntimeNotAvailable(
        f"{runtime.id}: no Python from 3.9 on was found; install the package python{runtime.version}"
    )


def _by_distance(wanted: tuple[int, int]) -> list[str]:
    """Versions worth trying, the nearest first; of two at the same distance the newer, which takes more old code."""
    known = [tuple(int(part) for part in version.split(".")) for version in python.VERSIONS]
    usable = [version for version in {*known, tuple(sys.version_info[:2])} if version >= OLDEST_PYTHON]
    nearest = sorted(usable, key=lambda version: (abs(version[1] - wanted[1]), -version[1]))
    return [f"{major}.{minor}" for major, minor in nearest]


def _instead(runtime: Runtime, wanted: tuple[int, int], found: Interpreter) -> str:
    version = ".".join(str(part) for part in found.version)
    if wanted < OLDEST_PYTHON:
        return f"{runtime.id}: functions need Python 3.9 or newer on this machine; it runs on Python {version}"
    return f"{runtime.id} is not installed on this machine; the function runs on Python {version}"


def _python(interpreter: Interpreter, *, warning: str | None) -> LocalRuntime:
    major, minor, micro = interpreter.version
    packages = f"{{volume}}/lib/python{major}.{minor}/site-packages"
    return LocalRuntime(
        interpreter=interpreter.path,
        version=f"{major}.{minor}.{micro}",
        warning=warning,
        install=(*_pip(interpreter), "install", *_PIP_OPTIONS, "--target", packages, "-r", "{deps}"),
        compile=None,
        run=(interpreter.path, str(_PYTHON_SERVER)),
        # Unbuffered: a log line that a person waits for must not sit in a buffer of the process.
        env={"PYTHONPATH": f"{packages}:{{volume}}", "PYTHONUNBUFFERED": "1"},
    )


# --target and not --prefix: Debian's pip skips what the system already has and puts the rest below <prefix>/local.
# --upgrade lets a second run replace what the first one left.
_PIP_OPTIONS = ("--upgrade", "--no-input", "--disable-pip-version-check", "--quiet")


def _pip(interpreter: Interpreter) -> tuple[str, ...]:
    if interpreter.has_pip:
        return (interpreter.path, "-m", "pip")
    # Debian ships interpreters without pip; ours can install on behalf of another one.
    return (sys.executable, "-m", "pip", "--python", interpreter.path)


_LOCATORS: Mapping[str, Callable[[Runtime, Which], LocalRuntime]] = {"python": _locate_python}
