"""
The `exec` sub-resource of pods: what the server asks of whoever runs them.
"""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from multidict import MultiMapping

from kubeless.local.apiserver.logs import container_of
from kubeless.local.apiserver.rest.options import parse_bool
from kubeless.local.apiserver.status import bad_request
from kubeless.local.apiserver.storage.record import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecRequest:
    """A command to run beside a container."""

    namespace: str
    pod: str
    uid: str
    container: str
    command: Sequence[str]
    stdin: bool = False
    stdout: bool = True
    stderr: bool = True
    """Never together with `tty`, which has one stream of output."""
    tty: bool = False


class ExecSession(Protocol):
    """A command that runs. An output that was not asked for ends at once."""

    async def read_stdout(self) -> bytes:
        """The next piece, of at most 64 KiB; empty at the end."""

    async def read_stderr(self) -> bytes:
        """The same for standard error."""

    async def write_stdin(self, data: bytes) -> None:
        """Hand it over; waits while the command does not read. What comes after its end is thrown away."""

    def close_stdin(self) -> None:
        """Nothing more will be written."""

    def resize(self, columns: int, rows: int) -> None:
        """The size of the terminal; without one nothing happens."""

    async def wait(self) -> int:
        """The exit code as a shell has it: 128 + n for signal n."""


class ExecSource(Protocol):
    """Whoever runs pods."""

    def execute(self, request: ExecRequest) -> AbstractAsyncContextManager[ExecSession]:
        """
        Run the command while entered; on leaving it is killed with all it has started.

        Raises:
            KubelessError: on entering, the container does not run or the system refuses.
        """
        ...


def parse_exec_request(pod: Record, query: MultiMapping[str]) -> ExecRequest:
    """
    What a client wants to run, from the parameters of core/v1 PodExecOptions.

    Raises:
        ApiError: 400, there is no command, nothing to connect to it, or no such container.
    """
    command = query.getall("command", [])
    if not command or any("\0" in word for word in command):
        raise bad_request("you must specify at least 1 command for the container, without null bytes")
    tty = parse_bool(query, "tty")
    streams = {name: parse_bool(query, name) for name in ("stdin", "stdout", "stderr")}
    if not any(streams.values()):
        raise bad_request("you must specify at least 1 of stdin, stdout, stderr")
    streams["stderr"] = streams["stderr"] and not tty
    return ExecRequest(
        namespace=pod.key.namespace,
        pod=pod.key.name,
        uid=pod.uid,
        container=container_of(pod, query.get("container", "")),
        command=command,
        tty=tty,
        **streams,
    )
