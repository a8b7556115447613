"""
Configuration from the environment, which the function's controller and the runtime image set.

It is read once, by the supervisor; an unusable value stops the server with a message that names variable, value and
remedy.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:  # a name the type checker knows; importing typing for it would cost start-up time
    from collections.abc import Mapping

MEGABYTE = 1024 * 1024


class SettingError(Exception):
    """An environment variable is missing or has a value that cannot be used."""

    def __init__(self, name: str, value: str, remedy: str) -> None:
        super().__init__("%s=%r cannot be used: %s" % (name, value[:100], remedy))


@dataclass(frozen=True)
class Settings:
    """What the server needs to know; durations are seconds, sizes are bytes."""

    module: str
    """MOD_NAME: the function's file, without `.py`."""
    handler: str
    """FUNC_HANDLER: the function in that file."""
    host: str
    """FUNC_HOST: the address to bind; empty means all interfaces, IPv4 and IPv6."""
    port: int
    """FUNC_PORT."""
    timeout: float
    """FUNC_TIMEOUT: how long one request may take, waiting for a free thread included."""
    runtime: str
    """FUNC_RUNTIME: told to the function in its context."""
    memory_limit: str
    """FUNC_MEMORY_LIMIT: told to the function in its context, a Kubernetes quantity."""
    volume: str
    """KUBELESS_INSTALL_VOLUME: the folder with the function's file and dependencies."""
    workers: int
    """FUNC_WORKERS: processes; the default is one for each core this container may use."""
    threads: int
    """FUNC_THREADS: how many calls of a function that is not `async` run at once in one worker."""
    max_body: int
    """REQ_MB_LIMIT (in MB) or FUNC_MEMFILE_MAX (in bytes): the largest request body that is accepted."""
    shutdown_timeout: float
    """SHUTDOWN_TIMEOUT: how long calls may go on after a request to stop."""
    load_timeout: float = 120.0
    """FUNC_LOAD_TIMEOUT: how long the import of the function's file may take."""
    text_data: bool = False
    """FUNC_TEXT_DATA: hand data that is text over as `str`, which a function translated from Python 2 expects."""


def load(environ: Mapping[str, str]) -> Settings:
    """
    Make settings from environment variables; one that is empty counts as not set.

    Raises:
        SettingError: a variable is missing or unusable.
    """
    return Settings(
        module=_module(environ),
        handler=_handler(environ),
        host=environ.get("FUNC_HOST", ""),
        port=_integer(environ, "FUNC_PORT", 8080, low=1, high=65535),
        timeout=_seconds(environ, "FUNC_TIMEOUT", 180.0),
        runtime=environ.get("FUNC_RUNTIME", ""),
        memory_limit=environ.get("FUNC_MEMORY_LIMIT", ""),
        volume=os.path.abspath(environ.get("KUBELESS_INSTALL_VOLUME") or "/kubeless"),
        workers=_integer(environ, "FUNC_WORKERS", usable_cores(), low=1, high=256),
        threads=_integer(environ, "FUNC_THREADS", 32, low=1, high=4096),
        max_body=_max_body(environ),
        shutdown_timeout=_seconds(environ, "SHUTDOWN_TIMEOUT", 10.0),
        load_timeout=_seconds(environ, "FUNC_LOAD_TIMEOUT", 120.0),
        text_data=environ.get("FUNC_TEXT_DATA") == "1",
    )


def usable_cores() -> int:
    """Cores this process may run on, cut to the container's CPU limit (so 500m of a 64-core node is one, not 64)."""
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    return max(1, min(cores, math.ceil(_cpu_quota(cores))))


def _cpu_quota(unlimited: float) -> float:
    """The limit of control group v2 (`<quota|max> <period>`), as Kubernetes sets it; `unlimited` when there is none."""
    try:
        with open("/sys/fs/cgroup/cpu.max", encoding="ascii") as file:
            quota, period = file.read().split()
        return int(quota) / int(period)
    except (OSError, ValueError, ZeroDivisionError):
        return unlimited


def _module(environ: Mapping[str, str]) -> str:
    name = environ.get("MOD_NAME", "")
    if not name or name in (".", "..") or any(bad in name for bad in ("/", "\\", "\0")):
        raise SettingError("MOD_NAME", name, "give the name of the function's file, without folder and without .py")
    return name


def _handler(environ: Mapping[str, str]) -> str:
    name = environ.get("FUNC_HANDLER", "")
    if not name.isidentifier():
        raise SettingError("FUNC_HANDLER", name, "give the name of a function in the module, such as hello")
    return name


def _max_body(environ: Mapping[str, str]) -> int:
    if environ.get("REQ_MB_LIMIT"):
        return _integer(environ, "REQ_MB_LIMIT", 100, low=1, high=1024 * MEGABYTE) * MEGABYTE
    return _integer(environ, "FUNC_MEMFILE_MAX", 100 * MEGABYTE, low=1, high=MEGABYTE**2)


def _integer(environ: Mapping[str, str], name: str, default: int, *, low: int, high: int) -> int:
    text = environ.get(name) or str(default)
    if not (text.isascii() and text.isdigit() and low <= int(text[:20]) <= high):
        raise SettingError(name, text, "give a whole number from %d to %d" % (low, high))
    return int(text)


def _seconds(environ: Mapping[str, str], name: str, default: float) -> float:
    text = environ.get(name) or str(default)
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value <= 366 * 86400:
        raise SettingError(name, text, "give a number of seconds above 0, such as 180 or 0.5")
    return value
