"""A function's server, prepared and started as local mode does: same steps, same commands, same watching runner."""

import asyncio
import io
import os
import shutil
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from kubeless.local.node.environment import inherited
from kubeless.local.node.plan import fill
from kubeless.local.node.process import Command, Process
from kubeless.runtimes.catalog import resolve
from kubeless.runtimes.localruntime import LocalRuntime, RuntimeNotAvailable
from kubeless.runtimes.locate import locate
from kubeless.runtimes.runtime import Runtime
from runtimes.languages import Language

FUNCTIONS = Path(__file__).parent / "functions"
READY_WITHIN = 30.0
STEP_WITHIN = 240.0


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer."""

    status: int
    body: bytes
    headers: Mapping[str, str]

    @property
    def text(self) -> str:
        return self.body.decode()


class StepFailed(Exception):
    """Dependencies cannot be installed, or the source does not compile; the message is the step's log."""


@dataclass(slots=True)
class Server:
    """A running function server."""

    process: Process
    port: int
    log_prefix: Path
    session: aiohttp.ClientSession

    @property
    def log(self) -> str:
        return read_log(self.log_prefix)

    async def call(
        self,
        method: str = "GET",
        path: str = "/",
        *,
        data: bytes | str | AsyncIterator[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send a request; nothing is added that `headers` does not name, a content type least of all."""
        url = f"http://127.0.0.1:{self.port}{path}"
        sent = data.encode() if isinstance(data, str) else data
        body = io.BytesIO(sent) if isinstance(sent, bytes) else sent
        async with self.session.request(
            method, url, data=body, headers=headers, skip_auto_headers=SKIPPED, allow_redirects=False
        ) as answer:
            return Answer(answer.status, await answer.read(), dict(answer.headers))

    async def post(self, data: bytes | str, content_type: str = "text/plain", **headers: str) -> Answer:
        return await self.call("POST", data=data, headers={"Content-Type": content_type, **headers})

    async def exchange(self, sent: bytes) -> bytes:
        """Send raw bytes, then read until the server closes or falls silent."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(sent)
        received = b""
        try:
            async with asyncio.timeout(2):
                while part := await reader.read(65536):
                    received += part
        except TimeoutError:
            pass
        finally:
            writer.close()
        return received

    async def metric(self, start: str) -> float:
        """The sum of the metrics whose line starts so."""
        page = (await self.call(path="/metrics")).text
        return sum(float(line.rpartition(" ")[2]) for line in page.splitlines() if line.startswith(start))

    async def wait_log(self, text: str) -> None:
        await eventually(lambda: text in self.log, f"{text!r} in the log")


SKIPPED = ("Content-Type", "User-Agent")


async def eventually(condition: Callable[[], object], what: str, *, within: float = 20.0) -> None:
    """Wait until a condition holds."""
    end = time.monotonic() + within
    while not condition():
        assert time.monotonic() < end, f"not within {within:g} s: {what}"
        await asyncio.sleep(0.01)


async def eventually_is(condition: Callable[[], Awaitable[object]], what: str, *, within: float = 20.0) -> None:
    """As `eventually`, for a condition that must be awaited."""
    end = time.monotonic() + within
    while not await condition():
        assert time.monotonic() < end, f"not within {within:g} s: {what}"
        await asyncio.sleep(0.01)


def read_log(prefix: Path) -> str:
    """All that a process printed, without the times that the runner puts before each line."""
    parts = sorted(prefix.parent.glob(f"{prefix.name}.*"))
    return "".join(part.read_text(errors="replace") for part in parts)


@dataclass(slots=True)
class Workshop:
    """Prepares each function once and starts servers for it."""

    folder: Path
    _volumes: dict[tuple[str, str, str], Path] = field(default_factory=dict)
    _repositories: dict[str, Path] = field(default_factory=dict)
    _count: int = 0

    async def prepare(self, language: Language, function: str, *, deps: str = "") -> Path:
        """
        The folder with the function's file and all that its steps made.

        Raises:
            RuntimeNotAvailable: the language is not installed.
            StepFailed: install or compile failed.
        """
        key = (language.name, function, deps)
        if key not in self._volumes:
            runtime, local = await found(language)
            volume = self._new_folder() / "volume"
            volume.mkdir()
            await asyncio.to_thread(put_source, language, function, volume / f"{function}{language.suffix}")
            if deps:
                if language.installer and shutil.which(language.installer) is None:
                    raise RuntimeNotAvailable(f"{language.installer} is not installed")
                deps = deps.replace("{packages}", str(await self._repository(language)))
                (volume / runtime.dep_name).write_text(deps)
                await self._step(local, local.install, volume, volume / runtime.dep_name)
            await self._step(local, local.compile, volume, volume / runtime.dep_name)
            self._volumes[key] = volume
        return self._volumes[key]

    async def _repository(self, language: Language) -> Path:
        if language.name not in self._repositories:
            folder = self._new_folder()
            if language.packages is not None:
                await asyncio.to_thread(language.packages, folder)
            self._repositories[language.name] = folder
        return self._repositories[language.name]

    async def compile(self, language: Language, volume: Path) -> None:
        """The runtime's compile step, for a folder that is filled already. Raises as `prepare`."""
        runtime, local = await found(language)
        await self._step(local, local.compile, volume, volume / runtime.dep_name)

    async def launch(
        self, language: Language, volume: Path, module: str, *, handler: str, port: int, env: Mapping[str, str]
    ) -> tuple[Process, Path]:
        """Start a server without waiting for it; the process and the prefix of its log."""
        _, local = await found(language)
        own = {
            "MOD_NAME": module,
            "FUNC_HANDLER": handler,
            "FUNC_PORT": str(port),
            "FUNC_HOST": "127.0.0.1",
            "FUNC_TIMEOUT": "10",
            "FUNC_RUNTIME": language.runtime,
            "FUNC_MEMORY_LIMIT": "128Mi",
            **env,
        }
        command = self._command(local, local.run, volume, volume / "none", own)
        assert command.log_prefix is not None
        return await Process.start(command), command.log_prefix

    @asynccontextmanager
    async def serve(
        self, language: Language, function: str, *, deps: str = "", env: Mapping[str, str] | None = None
    ) -> AsyncIterator[Server]:
        """A server that is ready."""
        volume = await self.prepare(language, function, deps=deps)
        async with self.run(language, volume, function, env=env) as server:
            yield server

    @asynccontextmanager
    async def run(
        self, language: Language, volume: Path, module: str, *, env: Mapping[str, str] | None = None
    ) -> AsyncIterator[Server]:
        """A server that is ready, for a module in a folder that is prepared."""
        port = free_port()
        process, log = await self.launch(language, volume, module, handler=language.handler, port=port, env=env or {})
        timeout = aiohttp.ClientTimeout(total=30)
        connector = aiohttp.TCPConnector(limit=0)
        try:
            async with aiohttp.ClientSession(timeout=timeout, connector=connector) as session:
                server = Server(process, port, log, session)
                await eventually_is(lambda: is_ready(server), "ready", within=READY_WITHIN)
                yield server
        finally:
            await process.kill()
            process.abandon()

    async def _step(self, local: LocalRuntime, step: tuple[str, ...] | None, volume: Path, deps: Path) -> None:
        if step is None:
            return
        command = self._command(local, step, volume, deps, {"KUBELESS_DEPS_FILE": str(deps)})
        process = await Process.start(command)
        try:
            async with asyncio.timeout(STEP_WITHIN):
                code = await process.wait()
        finally:
            process.abandon()
        if code != 0:
            assert command.log_prefix is not None
            raise StepFailed(read_log(command.log_prefix))

    def _command(
        self, local: LocalRuntime, step: tuple[str, ...], volume: Path, deps: Path, own: Mapping[str, str]
    ) -> Command:
        folder = self._new_folder()
        places = {"{volume}": str(volume), "{deps}": str(deps)}
        filled = {name: fill(value, places) for name, value in local.env.items()}
        return Command(
            arguments=[fill(argument, places) for argument in step],
            environ={
                **inherited(os.environ),
                "TMPDIR": str(folder),
                "KUBELESS_INSTALL_VOLUME": str(volume),
                **own,
                **filled,
            },
            folder=volume,
            process_file=folder / "process",
            log_prefix=folder / "log",
            segment_bytes=32 << 20,
        )

    def _new_folder(self) -> Path:
        self._count += 1
        folder = self.folder / str(self._count)
        folder.mkdir()
        return folder


def put_source(language: Language, function: str, target: Path) -> None:
    """Put a function's file where it is deployed."""
    source = FUNCTIONS / (language.functions or language.name) / f"{function}{language.suffix}"
    unreadable = source.with_name(f"{source.name}.txt")  # for linters
    if unreadable.exists():
        shutil.copy(unreadable, target)
    elif language.build is not None:
        language.build(FUNCTIONS / "java" / f"{function}.java", target)
    else:
        shutil.copy(source, target)


async def found(language: Language) -> tuple[Runtime, LocalRuntime]:
    """The runtime and how it runs here. Raises RuntimeNotAvailable."""
    runtime = resolve(language.runtime)
    local = await asyncio.to_thread(locate, runtime)
    if language.exact and local.warning is not None:
        raise RuntimeNotAvailable(local.warning)
    return runtime, local


async def is_ready(server: Server) -> bool:
    """Whether the server answers; an error if it has ended."""
    assert not server.process.ended, f"the server ended:\n{server.log}"
    try:
        return (await server.call(path="/healthz")).status == 200
    except aiohttp.ClientConnectionError:
        return False


def free_port() -> int:
    """A port nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])
