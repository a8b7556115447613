"""Start the processes of a benchmark on their cores, and end them whatever happens."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bench import cores
from kubeless.core.jsontypes import JsonObject

_TIMEOUT = 60.0
_TESTS = Path(__file__).resolve().parents[1]


class Failed(Exception):
    """A process of the benchmark did not do its work."""


@contextmanager
def running(
    *command: str, role: str, log: Path, env: Mapping[str, str] | None = None, quiet: bool = False
) -> Iterator["subprocess.Popen[str]"]:
    """
    A process on the core of `role`, killed at the end. Its errors go to `log`, its standard output is at hand; that of
    a `quiet` one is thrown away, for a pipe that nobody reads stops whoever writes much.
    """
    output = subprocess.DEVNULL if quiet else subprocess.PIPE
    with log.open("a") as errors, cores.children_on(role):
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=errors, text=True, env=_environment(env)
        )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def python(module: str, *arguments: object) -> tuple[str, ...]:
    """The command for a module in this interpreter."""
    return (sys.executable, "-m", module, *map(str, arguments))


async def first_line(process: "subprocess.Popen[str]") -> str:
    """What the process says when it is ready."""
    assert process.stdout is not None
    line = await asyncio.wait_for(asyncio.to_thread(process.stdout.readline), _TIMEOUT)
    if not line:
        raise Failed(f"{process.args!r} ended before it was ready")
    return line.strip()


async def result_of(*command: str, role: str, log: Path) -> JsonObject:
    """Run a process to its end; what it wrote, which is JSON."""
    with running(*command, role=role, log=log) as process:
        told, _ = await asyncio.to_thread(process.communicate, timeout=_TIMEOUT)
        if process.returncode:
            raise Failed(f"{command} ended with {process.returncode}, see {log}")
    result: JsonObject = json.loads(told)
    return result


def _environment(more: Mapping[str, str] | None) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(_TESTS), **(more or {})}
