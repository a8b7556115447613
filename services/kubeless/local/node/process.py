"""
A command under a runner, seen from the platform.

The runner (see `kubeless.local.node.runner`) keeps the log and ends the process group when the platform is gone. Here
the command is started, told to stop, and waited for; should the runner itself be killed, its group is ended from here.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kubeless.core.errors import KubelessError
from kubeless.local.node import runner, strays

_RUNNER = str(Path(runner.__file__).resolve())
_LONGEST_REPORT = 1 << 12


class StartFailed(KubelessError):
    """The command could not be started."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What to run, and where its traces go."""

    arguments: Sequence[str]
    environ: Mapping[str, str]
    folder: Path
    process_file: Path
    log_prefix: Path | None
    """Path of the log without `.000000.log`; None throws the output away."""
    segment_bytes: int = 10 << 20
    segments: int = 3


class Process:
    """One running command. `wait` may be called by several tasks; the exit code is kept."""

    def __init__(self, process: asyncio.subprocess.Process, command: Command, *, pid: int, mark: str) -> None:
        """`mark` is the start time of `pid`, see `kubeless.local.node.runner.start_mark`."""
        self._process = process
        self._command = command
        self.pid = pid
        self._mark = mark
        self._exit: asyncio.Task[int] = asyncio.get_running_loop().create_task(self._read_exit())

    @classmethod
    async def start(cls, command: Command) -> "Process":
        """
        Start the command.

        Raises:
            StartFailed: the program is missing, or the system refuses; the message is also in the log.
        """
        process = await asyncio.create_subprocess_exec(
            *_runner_arguments(command),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=dict(command.environ),
            start_new_session=True,
            limit=_LONGEST_REPORT,
        )
        try:
            report = await _read_report(process)
            pid, mark = _parse_child(report)
            if pid:
                report = await _read_report(process)
        except asyncio.CancelledError:
            _close_lifeline(process)
            raise
        if report == "started":
            return cls(process, command, pid=pid, mark=mark)
        await process.wait()
        if report.startswith("failed "):
            raise StartFailed(report.removeprefix("failed "))
        _end_orphans(command, pid, mark)
        raise StartFailed("the process that watches over the container ended at once")

    async def wait(self) -> int:
        """Wait for the end. The exit code, or the negative number of the signal that ended it."""
        return await asyncio.shield(self._exit)

    @property
    def ended(self) -> bool:
        """Whether the command has ended."""
        return self._exit.done()

    async def stop(self, grace: float) -> int:
        """Ask the group to terminate, kill it after `grace` seconds, and return the exit code."""
        self._send(b"T")
        try:
            async with asyncio.timeout(grace):
                return await self.wait()
        except TimeoutError:
            return await self.kill()

    async def kill(self) -> int:
        """Kill the group at once and return the exit code."""
        self._send(b"K")
        return await self.wait()

    def abandon(self) -> None:
        """Leave the group to the runner, which ends it within a second or so. Does nothing if it has ended."""
        _close_lifeline(self._process)

    def _send(self, letter: bytes) -> None:
        stdin = self._process.stdin
        if stdin is not None and not stdin.is_closing():
            stdin.write(letter)

    async def _read_exit(self) -> int:
        report = await _read_report(self._process)
        if report.startswith("exited "):
            await self._process.wait()
            return int(report.removeprefix("exited "))
        _end_orphans(self._command, self.pid, self._mark)
        await self._process.wait()
        return -signal.SIGKILL


def _end_orphans(command: Command, pid: int, mark: str) -> None:
    """The runner was killed: nobody else would end what it watched over."""
    strays.kill_group(pid, mark)
    command.process_file.unlink(missing_ok=True)


def _close_lifeline(process: asyncio.subprocess.Process) -> None:
    if process.stdin is not None:
        process.stdin.close()


async def _read_report(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None  # noqa: S101 - narrows the type; it was asked for as a pipe
    try:
        return (await process.stdout.readline()).decode().strip()
    except (ValueError, ConnectionError):
        return ""


def _parse_child(report: str) -> tuple[int, str]:
    """Number and start time of the new process; 0 if the report is about something else."""
    word, _, rest = report.partition(" ")
    pid, _, mark = rest.partition(" ")
    return (int(pid), mark) if word == "child" else (0, "")


def _runner_arguments(command: Command) -> list[str]:
    return [
        sys.executable,
        *("-I", "-S", "-E", _RUNNER),
        "" if command.log_prefix is None else os.fspath(command.log_prefix),
        str(command.segment_bytes),
        str(command.segments),
        os.fspath(command.process_file),
        os.fspath(command.folder),
        "--",
        *command.arguments,
    ]
