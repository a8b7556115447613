"""
The order in which a function's imports are looked up.

First the standard library, then the function's own files and dependencies, last what the interpreter has installed.
A file of the function named like a module of the standard library (`json.py`, `http.py`) must break neither the server
nor the libraries it runs with; but the function's own `requests` is preferred to one that came with the interpreter.
"""

from __future__ import annotations

import os
import sys
from importlib.machinery import PathFinder

_LIBRARY = os.path.dirname(os.path.abspath(os.__file__))
_STANDARD = (_LIBRARY, os.path.join(_LIBRARY, "lib-dynload"))


def order(path: list[str], *, volume: str) -> list[str]:
    """`path` with everything below `volume`, and the volume itself, moved behind the standard library."""
    own = [entry for entry in path if _is_below(entry, volume)]
    others = [entry for entry in path if not _is_below(entry, volume)]
    for needed in (_packages(volume), volume):
        if needed not in own:
            own.append(needed)
    end = max((index + 1 for index, entry in enumerate(others) if entry in _STANDARD), default=0)
    return others[:end] + own + others[end:]


def _packages(volume: str) -> str:
    """Where `pip install --prefix=<volume>` puts packages."""
    return os.path.join(volume, "lib", "python%d.%d" % sys.version_info[:2], "site-packages")


def is_standard_module(name: str) -> bool:
    """Whether the standard library has a module of this name (`sys.stdlib_module_names` came with Python 3.10)."""
    return name in sys.builtin_module_names or PathFinder.find_spec(name, list(_STANDARD)) is not None


def _is_below(entry: str, folder: str) -> bool:
    return (os.path.realpath(entry) + os.sep).startswith(os.path.realpath(folder) + os.sep)
