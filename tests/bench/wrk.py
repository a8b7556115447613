"""Load by `wrk`, the tool that others measure with: requests/s over kept connections, one at a time on each."""

import asyncio
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from bench import cores
from bench.processes import Failed, running

_RATE = re.compile(r"Requests/sec:\s+([\d.]+)")
_P99 = re.compile(r"\b99%\s+([\d.]+)(us|ms|s|m)\b")
_SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}
_FAILED = re.compile(r"Non-2xx or 3xx responses: (\d+)|Socket errors: (.*)")
_NUMBERED = """\
local number = 0
request = function()
  number = number + 1
  wrk.headers["X-Number"] = number
  return wrk.format()
end
"""
_POST = 'wrk.method = "POST"\nwrk.headers["Content-Type"] = "text/plain"\nwrk.body = string.rep("x", {size})\n'


@dataclass(frozen=True, slots=True)
class Load:
    """One kind of request."""

    name: str
    path: str
    body: int | None = None
    """Bytes to POST; None: GET."""
    numbered: bool = False
    """Whether each request has a head of its own, as with trace ids or cookies."""

    @property
    def script(self) -> str:
        """What wrk has to be told; empty: nothing."""
        post = "" if self.body is None else _POST.format(size=self.body)
        return post + (_NUMBERED if self.numbered else "")


@dataclass(frozen=True, slots=True)
class Measured:
    """What it found."""

    rate: float
    """Requests per second."""
    p99: float
    """Seconds that all but one in a hundred waited for less."""


def is_there() -> bool:
    """Whether it is on PATH."""
    return shutil.which("wrk") is not None


async def rate(load: Load, port: int, *, connections: int, seconds: float, folder: Path) -> float:
    """Requests per second. Raises Failed if one of them was not answered with success."""
    return (await measure(load, port, connections=connections, seconds=seconds, folder=folder)).rate


async def measure(load: Load, port: int, *, connections: int, seconds: float, folder: Path) -> Measured:
    """Requests per second and latency. Raises Failed if one of them was not answered with success."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--latency"]
    if load.script:
        script = folder / "wrk.lua"
        script.write_text(load.script)
        command += ["-s", str(script)]
    command.append(f"http://127.0.0.1:{port}{load.path}")
    with running(*command, role=cores.LOAD, log=folder / "log") as process:
        told, _ = await asyncio.to_thread(process.communicate, timeout=60)
    return read(told, load.name)


def read(told: str, name: str) -> Measured:
    """What wrk printed about the load `name`. Raises Failed if a request was not answered with success."""
    found, slow = _RATE.search(told), _P99.search(told)
    if found is None or slow is None or (failed := _FAILED.search(told)):
        raise Failed(f"wrk on {name}: {told if found is None or slow is None else failed}")
    return Measured(float(found[1]), float(slow[1]) * _SECONDS[slow[2]])
