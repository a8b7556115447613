"""
Find what runs a language on this machine.

A name on PATH is not yet a program that works: version managers put stand-ins there. So each candidate is run once and
asked for its version. The very version that is asked for wins, then the nearest, then the newer of two as near.
"""

import functools
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

from kubeless.runtimes.localruntime import RuntimeNotAvailable, Which
from kubeless.runtimes.runtime import Runtime

_PATIENCE = 10.0
"""Seconds a program may take to say its version; a cold disk is slow, a stand-in that waits for input is worse."""

Version = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Tool:
    """A program that runs on this machine."""

    path: str
    version: Version


@dataclass(frozen=True, slots=True, kw_only=True)
class Toolchain:
    """How the program of a language is called, and where people get it."""

    title: str
    """For people, such as `Node.js`."""
    programs: tuple[str, ...]
    """Names on PATH; `{version}` stands for a version that is looked for, such as `3.4`."""
    ask: tuple[str, ...] = ("--version",)
    answer: str = r"(\d+(?:\.\d+)*)"
    """Finds the version in what the program prints, on stdout or stderr."""
    oldest: Version = ()
    """Older ones cannot run the function server."""
    package: str
    """What to type to get it, such as `apt install nodejs`."""


def parse_version(text: str) -> Version:
    """`3.4` as numbers. Java's 1.8 is 8, as everywhere since."""
    version = tuple(int(part) for part in text.split("."))
    return version[1:] if version[0] == 1 and version[1:] == (8,) else version


def find(toolchain: Toolchain, runtime: Runtime, *, versions: tuple[str, ...], which: Which) -> tuple[Tool, str | None]:
    """
    The program for a runtime, and a warning unless it has the version that was asked for.

    `versions` are those that may be installed beside each other under names of their own. Starts programs, so it may
    block for a moment. Raises RuntimeNotAvailable, which says what to install.
    """
    found = list(_tools(toolchain, (runtime.version, *versions), which))
    usable = [tool for tool in found if tool.version >= toolchain.oldest]
    if not usable:
        raise RuntimeNotAvailable(_missing(toolchain, runtime, found))
    wanted = parse_version(runtime.version)
    best = min(usable, key=lambda tool: distance(tool.version, wanted))
    if best.version[: len(wanted)] == wanted:
        return best, None
    actual = ".".join(str(part) for part in best.version)
    return best, f"{runtime.id} is not installed on this machine; the function runs on {toolchain.title} {actual}"


def distance(version: Version, wanted: Version) -> tuple[int, ...]:
    """Sorts the nearest version first, and of two at the same distance the newer, which takes more old code."""
    padded = (*version, 0, 0)[: len(wanted)]
    apart = tuple(abs(have - want) for have, want in zip(padded, wanted, strict=True))
    return (*apart, *(-part for part in version))


def _tools(toolchain: Toolchain, versions: tuple[str, ...], which: Which) -> Iterator[Tool]:
    names = dict.fromkeys(
        program.replace("{version}", version) for program in toolchain.programs for version in versions
    )
    for name in names:
        path = which(name)
        version = _ask(path, toolchain.ask, toolchain.answer) if path is not None else None
        if path is not None and version is not None:
            yield Tool(path, version)


@functools.lru_cache(maxsize=256)
def _ask(path: str, arguments: tuple[str, ...], answer: str) -> Version | None:
    """Which version `path` is; None if it does not run. Remembered for the life of the process."""
    try:
        done = subprocess.run(
            [path, *arguments], capture_output=True, check=True, timeout=_PATIENCE, stdin=subprocess.DEVNULL, text=True
        )
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    found = re.search(answer, done.stdout + done.stderr)
    return parse_version(found[1]) if found else None


def _missing(toolchain: Toolchain, runtime: Runtime, found: list[Tool]) -> str:
    remedy = f"install it with `{toolchain.package}`"
    if not found:
        return f"{runtime.id}: {toolchain.title} is not installed on this machine; {remedy}"
    oldest = ".".join(str(part) for part in toolchain.oldest)
    actual = ", ".join(".".join(str(part) for part in tool.version) for tool in found)
    return f"{runtime.id}: {toolchain.title} {oldest} or newer is needed, this machine has {actual}; {remedy}"
