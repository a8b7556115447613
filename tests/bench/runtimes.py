"""The servers of all languages on one core: requests/s, latency, cold start, memory; Python's beside the old way."""

import asyncio
import statistics
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from bench import cores, wrk
from bench.hellos import HELLO
from bench.processes import Failed, python, running
from bench.report import Report
from bench.runtimerows import OLD, Figures, rows
from bench.scene import free_port, stopwatch
from kubeless.local.node.plan import fill
from kubeless.runtimes.localruntime import LocalRuntime, RuntimeNotAvailable
from runtimes.languages import LANGUAGES, Language
from runtimes.server import Workshop, found

CONNECTIONS = 32
SECONDS = 3.0
STARTS = 5
_READY_WITHIN = 60.0
_HELLO = wrk.Load("hello", "/")
_ECHO = wrk.Load("1 kB echo", "/", 1024)
_HEALTH = b"GET /healthz HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n"
_PORT = "{port}"


@dataclass(frozen=True, slots=True)
class Program:
    """A server with a function in it; `{port}` in its command stands for the port."""

    command: tuple[str, ...]
    env: Mapping[str, str]
    log: Path


async def run(report: Report, folder: Path) -> None:
    """Measure each language that is installed, one after the other."""
    if not wrk.is_there():
        report.skip("runtimes: wrk is not on PATH")
        return
    figures: dict[str, Figures] = {}
    with tempfile.TemporaryDirectory(dir=folder, prefix="runtimes-") as place:
        workshop = Workshop(Path(place))
        for language in (each for each in LANGUAGES if each.name in HELLO):
            try:
                hello, echo = await _hello(workshop, language), await _echo(workshop, language)
            except RuntimeNotAvailable as error:
                report.skip(f"runtime {language.name}: {error}")
                continue
            figures[language.name] = await _measure(report, language.name, hello, echo)
            if language.name == "python":
                figures[OLD] = await _measure(report, OLD, _old(hello, "hello.py"), _old(echo, "echo.py"))
    for row in rows(figures):
        report.add(row)
    rates = {name: each.hello.rate for name, each in figures.items()}
    report.chart(f"Runtimes: hello, {CONNECTIONS} connections, one core, requests/s", rates)


async def _hello(workshop: Workshop, language: Language) -> Program:
    volume = workshop.folder / f"hello-{language.name}"
    volume.mkdir()
    (volume / f"hello{language.suffix}").write_text(HELLO[language.name])
    await workshop.compile(language, volume)
    return await _program(language, volume, "hello")


async def _echo(workshop: Workshop, language: Language) -> Program:
    return await _program(language, await workshop.prepare(language, "echo"), "echo")


async def _program(language: Language, volume: Path, module: str) -> Program:
    _, local = await found(language)
    return Program(
        command=tuple(fill(word, {"{volume}": str(volume)}) for word in local.run),
        env=_environment(local, volume) | {"MOD_NAME": module, "FUNC_HANDLER": language.handler},
        log=volume.parent / "log",
    )


def _environment(local: LocalRuntime, volume: Path) -> dict[str, str]:
    places = {"{volume}": str(volume), "{deps}": str(volume / "none")}
    own = {name: fill(value, places) for name, value in local.env.items()}
    return own | {"KUBELESS_INSTALL_VOLUME": str(volume), "FUNC_HOST": "127.0.0.1", "FUNC_WORKERS": "1"}


def _old(program: Program, file: str) -> Program:
    source = Path(program.env["KUBELESS_INSTALL_VOLUME"]) / file
    return replace(program, command=python("bench.forking", _PORT, source), env={})


async def _measure(report: Report, name: str, hello: Program, echo: Program) -> Figures:
    report.step(f"{name}: {STARTS} cold starts, then {SECONDS:g} s of hello and of 1 kB echo")
    starts = []
    for _ in range(STARTS):
        began = stopwatch()
        async with _serving(hello):
            starts.append(stopwatch() - began)
    async with _serving(hello) as (port, pid):
        rate = await _load(_HELLO, port, hello.log.parent)
        memory = cores.memory_of_all(pid)
    async with _serving(echo) as (port, _):
        return Figures(rate, await _load(_ECHO, port, echo.log.parent), statistics.median(starts), memory)


async def _load(load: wrk.Load, port: int, folder: Path) -> wrk.Measured:
    """Once for nothing: some languages compile what is called often."""
    await wrk.measure(load, port, connections=CONNECTIONS, seconds=1.0, folder=folder)
    return await wrk.measure(load, port, connections=CONNECTIONS, seconds=SECONDS, folder=folder)


@asynccontextmanager
async def _serving(program: Program) -> AsyncIterator[tuple[int, int]]:
    """Port and process id of a server on the measured core, entered once it is ready. Raises Failed if it ends."""
    port = free_port()
    command = [fill(word, {_PORT: str(port)}) for word in program.command]
    env = {**program.env, "FUNC_PORT": str(port)}
    with running(*command, role=cores.MEASURED, log=program.log, env=env, quiet=True) as process:
        end = stopwatch() + _READY_WITHIN
        while not await _is_ready(port):
            if process.poll() is not None or stopwatch() > end:
                raise Failed(f"{command} is not ready, see {program.log}")
            await asyncio.sleep(0.002)
        yield port, process.pid
        process.terminate()
        await asyncio.to_thread(process.wait, _READY_WITHIN)


async def _is_ready(port: int) -> bool:
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    try:
        writer.write(_HEALTH)
        return b" 200 " in await reader.readline()
    except OSError:
        return False
    finally:
        writer.close()
