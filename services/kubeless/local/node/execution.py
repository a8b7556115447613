"""
Commands that run beside a container, for `kubectl exec`.

Such a command has the environment and the working directory of the container's own process, and finds the programs of
its runtime first. A word that has a path below a mount in it is given the place where the mounted files really are. It
ends with the container, and with the client that asked for it.
"""

import asyncio
import contextlib
import itertools
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol

import structlog

from kubeless.core.errors import KubelessError
from kubeless.local.node import enter, runner
from kubeless.local.node.mounts import Mounts
from kubeless.local.node.process import Command
from kubeless.local.node.terminal import CHUNK, Terminal

log = structlog.get_logger(__name__)

_ENTER = str(Path(enter.__file__).resolve())


class NotRunning(KubelessError):
    """There is no such container now."""


class Wanted(Protocol):
    """What is to be run, see `kubeless.local.apiserver.execution.ExecRequest`."""

    @property
    def pod(self) -> str: ...
    @property
    def uid(self) -> str: ...
    @property
    def container(self) -> str: ...
    @property
    def command(self) -> Sequence[str]: ...
    @property
    def stdin(self) -> bool: ...
    @property
    def stdout(self) -> bool: ...
    @property
    def stderr(self) -> bool: ...
    @property
    def tty(self) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Habitat:
    """Where a running container lives; `ended` is set when it does no longer."""

    command: Command
    mounts: Mounts
    ended: asyncio.Event


class Habitats(Protocol):
    """Finds running containers."""

    def habitat(self, uid: str, container: str) -> Habitat | None:
        """Of a container of the pod `uid`; None if it does not run."""


class Session:
    """One command that runs, see `kubeless.local.apiserver.execution.ExecSession`."""

    def __init__(self, process: asyncio.subprocess.Process, terminal: Terminal | None) -> None:
        self._process = process
        self._terminal = terminal

    async def read_stdout(self) -> bytes:
        """The next piece, empty at the end."""
        if self._terminal is not None:
            return await self._terminal.read()
        return await _read(self._process.stdout)

    async def read_stderr(self) -> bytes:
        """The next piece, empty at the end."""
        return await _read(self._process.stderr)

    async def write_stdin(self, data: bytes) -> None:
        """Waits while the command does not read."""
        if self._terminal is not None:
            await self._terminal.write(data)
        elif self._process.stdin is not None:
            with contextlib.suppress(ConnectionError):
                self._process.stdin.write(data)
                await self._process.stdin.drain()

    def close_stdin(self) -> None:
        """Nothing more will be written."""
        if self._terminal is not None:
            self._terminal.end_input()
        elif self._process.stdin is not None:
            self._process.stdin.close()

    def resize(self, columns: int, rows: int) -> None:
        """Without a terminal nothing happens."""
        if self._terminal is not None:
            self._terminal.resize(columns, rows)

    async def wait(self) -> int:
        """The exit code, 128 + n for signal n."""
        code = await self._process.wait()
        return 128 - code if code < 0 else code


class PodExec:
    """Runs commands beside containers."""

    def __init__(self, habitats: Habitats) -> None:
        self._habitats = habitats
        self._numbers = itertools.count()

    @asynccontextmanager
    async def execute(self, request: Wanted) -> AsyncIterator[Session]:
        """
        Run the command while entered; on leaving it is killed with all it has started.

        Raises:
            NotRunning: the container does not run.
            KubelessError: the system refuses to start anything.
        """
        habitat = self._habitats.habitat(request.uid, request.container)
        if habitat is None:
            raise NotRunning(f"container {request.container} of pod {request.pod} is not running")
        trace = habitat.command.process_file.with_suffix(f".exec{next(self._numbers)}.pid")
        began = time.monotonic()
        async with _terminal(request) as terminal:
            process = await _start(request, habitat, terminal)
            # Whatever the command leaves behind would hold its output open.
            ends = (habitat.ended.wait(), process.wait())
            watching = [asyncio.create_task(_kill_after(end, process)) for end in ends]
            try:
                await _remember(process, trace)
                yield Session(process, terminal)
            finally:
                for task in watching:
                    task.cancel()
                _kill(process)
                code = await asyncio.shield(process.wait())
                trace.unlink(missing_ok=True)
                seconds = round(time.monotonic() - began, 3)
                told = {"pod": request.pod, "container": request.container, "program": request.command[0]}
                log.info("command ended", **told, code=code, seconds=seconds)


@asynccontextmanager
async def _terminal(request: Wanted) -> AsyncIterator[Terminal | None]:
    if not request.tty:
        yield None
        return
    try:
        terminal = Terminal()
    except OSError as error:
        raise KubelessError(f"no terminal for the command: {error.strerror}") from error
    try:
        yield terminal
    finally:
        terminal.close()


async def _start(request: Wanted, habitat: Habitat, terminal: Terminal | None) -> asyncio.subprocess.Process:
    def stream(wanted: bool) -> int | IO[bytes]:
        if terminal is not None:
            return terminal.other_end
        return asyncio.subprocess.PIPE if wanted else asyncio.subprocess.DEVNULL

    command = [habitat.mounts.rewrite_words(word) for word in request.command]
    try:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", "-E", _ENTER),
            *("tty" if terminal else "", os.fspath(habitat.command.folder), *command),
            stdin=stream(request.stdin),
            stdout=stream(request.stdout),
            stderr=stream(request.stderr),
            env=environment(habitat.command, tty=request.tty),
            start_new_session=True,
            limit=CHUNK,
        )
    except OSError as error:
        raise KubelessError(f"cannot start {request.command[0]}: {error.strerror}") from error
    if terminal is not None:
        terminal.close_other_end()
    return process


def environment(command: Command, *, tty: bool) -> Mapping[str, str]:
    """The variables of the container's process; the programs beside its interpreter are found first."""
    environ = dict(command.environ)
    interpreter = Path(command.arguments[0])
    if interpreter.is_absolute():
        environ["PATH"] = os.pathsep.join(filter(None, (str(interpreter.parent), environ.get("PATH", os.defpath))))
    return {"TERM": "xterm", **environ} if tty else environ


async def _remember(process: asyncio.subprocess.Process, trace: Path) -> None:
    """Let the next platform find the command, should this one be killed."""
    try:
        await asyncio.to_thread(runner.remember, str(trace), process.pid)
    except OSError as error:
        raise NotRunning(f"the pod has left: {error.strerror}") from error


async def _kill_after(end: Coroutine[Any, Any, object], process: asyncio.subprocess.Process) -> None:
    await end
    _kill(process)


def _kill(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


async def _read(stream: asyncio.StreamReader | None) -> bytes:
    return b"" if stream is None else await stream.read(CHUNK)
