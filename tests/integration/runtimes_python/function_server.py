"""Runs the real function server, as a process, with functions that the tests write."""

import contextlib
import dataclasses
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import kubeless.runtimes.python.kubeless_runtime as server_package

SERVER = Path(str(server_package.__file__)).parent
DEADLINE = 20.0


def wait_for(condition: Callable[[], bool], what: str, *, seconds: float = DEADLINE) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(0.01)


@dataclasses.dataclass
class Response:
    status: int
    body: bytes
    headers: http.client.HTTPMessage

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclasses.dataclass
class Server:
    """A running function server."""

    process: subprocess.Popen[bytes]
    port: int
    output: Path

    @property
    def log(self) -> str:
        return self.output.read_text(errors="replace")

    def connect(self, *, timeout: float = DEADLINE) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def call(
        self, path: str = "/", *, method: str = "GET", data: bytes | None = None, headers: dict[str, str] | None = None
    ) -> Response:
        connection = self.connect()
        try:
            connection.request(method, path, body=data, headers=headers or {})
            answer = connection.getresponse()
            return Response(answer.status, answer.read(), answer.headers)
        finally:
            connection.close()

    def exchange(self, data: bytes) -> bytes:
        """Send raw bytes and return what comes until the server closes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=DEADLINE) as sock:
            sock.sendall(data)
            received = b""
            while part := sock.recv(65536):
                received += part
            return received

    def is_serving(self) -> bool:
        if self.process.poll() is not None:
            raise AssertionError(f"the server ended with code {self.process.returncode}:\n{self.log}")
        try:
            return self.call("/healthz").status == 200
        except OSError:
            return False

    def wait_log(self, text: str) -> None:
        wait_for(lambda: text in self.log, f"{text!r} in the log")

    def calls_total(self) -> float:
        found = re.findall(r"^function_calls_total{.*} (\S+)$", self.call("/metrics").text, flags=re.MULTILINE)
        return sum(map(float, found))

    def processes(self) -> set[int]:
        """The supervisor and its workers."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return {self.process.pid, *map(int, children)}

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(DEADLINE)


class Serve:
    """Writes a function's file and starts a server for it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._servers: list[Server] = []

    def start(
        self,
        source: str,
        *,
        handler: str = "run",
        module: str = "fn",
        command: tuple[str, ...] = (sys.executable, str(SERVER)),
        **env: str,
    ) -> Server:
        """Start, without waiting for it to be ready."""
        volume = self.folder / "volume"
        volume.mkdir(exist_ok=True)
        (volume / f"{module}.py").write_text(source)
        port = int(env.pop("FUNC_PORT", 0)) or free_port()
        own = {"MOD_NAME": module, "FUNC_HANDLER": handler, "FUNC_HOST": "127.0.0.1", "FUNC_PORT": str(port)}
        paths = {"KUBELESS_INSTALL_VOLUME": str(volume), "PYTHONPATH": str(volume)}
        output = self.folder / f"log-{len(self._servers)}"
        with output.open("wb") as log:
            process = subprocess.Popen(
                command,
                env={"PATH": os.environ["PATH"], "FUNC_WORKERS": "1", **own, **paths, **env},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        server = Server(process, port, output)
        self._servers.append(server)
        return server

    def __call__(
        self,
        source: str,
        *,
        handler: str = "run",
        module: str = "fn",
        command: tuple[str, ...] = (sys.executable, str(SERVER)),
        **env: str,
    ) -> Server:
        """Start and wait until the server is ready."""
        server = self.start(source, handler=handler, module=module, command=command, **env)
        wait_for(server.is_serving, "the server is ready")
        return server

    def end_all(self) -> None:
        for server in self._servers:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(server.process.pid, signal.SIGKILL)
            server.process.wait()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and waits to be collected does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
