"""
Find the Python interpreters of this machine.

A name on PATH is not yet an interpreter: version managers put stand-ins there that fail when their version is not
active, and a virtual environment puts its own packages under the name. So each candidate is run once and asked who it
is; what counts is the interpreter behind it.
"""

import functools
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

# Valid in Python 2 as well.
_PROBE = """
import json, pkgutil, sys
executable = getattr(sys, "_base_executable", None) or sys.executable
names = [module[1] for module in pkgutil.iter_modules()]
print(json.dumps([executable, list(sys.version_info[:3]), "pip" in names]))
"""

_PATIENCE = 10.0
"""Seconds an interpreter may take to say its version; a cold disk is slow, a stand-in that waits for input is worse."""


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python interpreter that runs on this machine."""

    path: str
    version: tuple[int, int, int]
    has_pip: bool

    @property
    def minor(self) -> tuple[int, int]:
        """The part of the version that decides what code runs and where packages lie."""
        return self.version[:2]


def find_interpreter(version: str, which: Callable[[str], str | None]) -> Interpreter | None:
    """
    The interpreter of a version such as `3.11`, or None.

    Blocks for up to some ten milliseconds per candidate that was not asked before; call it in a thread.
    """
    wanted = tuple(int(part) for part in version.split("."))
    for candidate in _candidates(version, wanted, which):
        found = ask(candidate)
        if found is not None and found.minor == wanted:
            return found
    return None


@functools.lru_cache(maxsize=256)
def ask(path: str) -> Interpreter | None:
    """Which interpreter is behind `path`; None if it does not run. Remembered for the life of the process."""
    try:
        done = subprocess.run(
            # As -I, which Python 2 does not know: without variables, without the user's packages, without this folder.
            [path, "-Es", "-c", _PROBE],
            cwd="/",
            capture_output=True,
            check=True,
            timeout=_PATIENCE,
            stdin=subprocess.DEVNULL,
        )
        executable, (major, minor, micro), has_pip = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    if executable != path:
        # What an environment can import says nothing about the interpreter behind it.
        return ask(executable)
    return Interpreter(executable, (major, minor, micro), has_pip)


def _candidates(version: str, wanted: tuple[int, ...], which: Callable[[str], str | None]) -> Iterator[str]:
    if wanted == sys.version_info[:2]:
        yield sys.executable
    on_path = which(f"python{version}")
    if on_path is None:
        return
    yield on_path
    shims = Path(on_path).parent
    if shims.name == "shims":  # pyenv keeps the real ones beside its stand-ins
        yield from (str(path) for path in sorted(shims.parent.glob(f"versions/{version}.*/bin/python{version}")))
