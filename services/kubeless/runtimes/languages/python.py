"""
The Python runtimes: those of the original project, and every version the interpreter's authors support.

There are two function servers, one for recent interpreters and a plain one for old ones. On this machine an id runs on
the nearest interpreter; without a Python 2, the source of a Python 2 function is translated first
(`kubeless.runtimes.python2`).
"""

import sys
from pathlib import Path

from kubeless.runtimes.interpreters import Interpreter, find_interpreter
from kubeless.runtimes.languages.language import Language, ends
from kubeless.runtimes.localruntime import LocalRuntime, RuntimeNotAvailable, Which
from kubeless.runtimes.runtime import Phase, Runtime

VERSIONS = {
    "2.7": "2020-01-01",
    "3.4": "2019-03-18",
    "3.6": "2021-12-23",
    "3.7": "2023-06-27",
    "3.8": "2024-10-07",
    "3.9": "2025-10-31",
    "3.10": "2026-10-31",
    "3.11": "2027-10-31",
    "3.12": "2028-10-31",
    "3.13": "2029-10-31",
    "3.14": "2030-10-31",
}
"""With the day of their end of life (devguide.python.org/versions)."""

OLDEST_SERVED = (3, 9)
"""The function server needs this version or a newer one; older ones have `python_legacy`."""
OLDEST_LEGACY = (3, 4)
"""And 2.7."""

_SERVER = Path(__file__).parents[1] / "python" / "kubeless_runtime" / "__main__.py"
"""The file, not its folder: to run a folder, Python 3.9 imports `runpy` where a function's own files come first."""
_LEGACY_SERVER = Path(__file__).parents[1] / "python_legacy" / "server.py"
_TRANSLATOR = Path(__file__).parents[1] / "python2" / "translate.py"

_INSTALL = 'pip install --no-cache-dir --prefix="$KUBELESS_INSTALL_VOLUME" -r "$KUBELESS_DEPS_FILE"'


def runtimes(registry: str) -> list[Runtime]:
    """The runtimes, with images of functions' servers below `registry` (such as `kubeless` or `example.com/team`)."""
    return [_runtime(version, registry) for version in VERSIONS]


def _runtime(version: str, registry: str) -> Runtime:
    packages = f"$(KUBELESS_INSTALL_VOLUME)/lib/python{version}/site-packages"
    recent = tuple(int(part) for part in version.split(".")) >= OLDEST_SERVED
    return Runtime(
        id=f"python{version}",
        language="python",
        version=version,
        dep_name="requirements.txt",
        suffix=".py",
        install=Phase(image=f"python:{version}", command=_INSTALL),
        run=Phase(
            image=f"{registry}/python:{version}" if recent else f"{registry}/python-legacy:{version}",
            env={"PYTHONPATH": f"{packages}:$(KUBELESS_INSTALL_VOLUME)"},
        ),
        end_of_life=ends(VERSIONS, version),
    )


def locate(runtime: Runtime, which: Which) -> LocalRuntime:
    """Find an interpreter for a function server. Raises RuntimeNotAvailable."""
    major, minor = (int(part) for part in f"{runtime.version}.0".split(".")[:2])
    if major < 3:
        python2 = find_interpreter(runtime.version, which)
        if python2 is not None:
            return _local(python2, warning=None)
    # What is translated is written for the oldest Python 3, and its server is the recent one.
    for version in _by_distance((major, minor)) if major >= 3 else _by_distance(OLDEST_SERVED):
        found = find_interpreter(version, which)
        if found is not None:
            warning = None if found.minor == (major, minor) else _instead(runtime, found)
            return _local(found, warning=warning, translated=major < 3)
    raise RuntimeNotAvailable(f"{runtime.id}: no Python from 3.9 on was found; install it with `apt install python3`")


def _by_distance(wanted: tuple[int, int]) -> list[str]:
    """Versions worth trying, the nearest first; of two at the same distance the newer, which takes more old code."""
    oldest = min(max(wanted, OLDEST_LEGACY), OLDEST_SERVED)
    known = [tuple(int(part) for part in version.split(".")) for version in VERSIONS]
    usable = [version for version in {*known, tuple(sys.version_info[:2])} if version >= oldest]
    nearest = sorted(usable, key=lambda version: (abs(version[1] - wanted[1]), -version[1]))
    return [f"{major}.{minor}" for major, minor in nearest]


def _instead(runtime: Runtime, found: Interpreter) -> str:
    version = ".".join(str(part) for part in found.version)
    if runtime.version.startswith("2"):
        return f"{runtime.id}: the source is translated from Python 2 and runs on Python {version}"
    return f"{runtime.id} is not installed on this machine; the function runs on Python {version}"


def _local(interpreter: Interpreter, *, warning: str | None, translated: bool = False) -> LocalRuntime:
    major, minor, micro = interpreter.version
    packages = f"{{volume}}/lib/python{major}.{minor}/site-packages"
    serve = (interpreter.path, str(_SERVER if interpreter.minor >= OLDEST_SERVED else _LEGACY_SERVER))
    # Unbuffered: a log line that a person waits for must not sit in a buffer of the process. The encoding: what old
    # interpreters print is ASCII otherwise.
    env = {"PYTHONPATH": f"{packages}:{{volume}}", "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"}
    return LocalRuntime(
        interpreter=interpreter.path,
        version=f"{major}.{minor}.{micro}",
        warning=warning,
        install=(*_pip(interpreter), "install", *_PIP_OPTIONS, "--target", packages, "-r", "{deps}"),
        run=(sys.executable, "-I", str(_TRANSLATOR), "{volume}", *serve) if translated else serve,
        env={**env, "FUNC_TEXT_DATA": "1"} if translated else env,
    )


# --target and not --prefix: Debian's pip skips what the system already has and puts the rest below <prefix>/local.
# --upgrade lets a second run replace what the first one left.
_PIP_OPTIONS = ("--upgrade", "--no-input", "--disable-pip-version-check", "--quiet")


def _pip(interpreter: Interpreter) -> tuple[str, ...]:
    if interpreter.has_pip:
        return (interpreter.path, "-m", "pip")
    # Debian ships interpreters without pip; ours can install on behalf of another one.
    return (sys.executable, "-m", "pip", "--python", interpreter.path)


LANGUAGE = Language(runtimes=runtimes, locate={"python": locate})
