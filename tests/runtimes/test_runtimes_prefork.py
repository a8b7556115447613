"""What the servers with worker processes (Ruby, PHP, old Pythons) promise beyond the contract."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from kubeless.runtimes.localruntime import RuntimeNotAvailable
from runtimes.languages import Language
from runtimes.server import Server, Workshop, eventually, free_port, read_log

RUBY = Language(name="ruby", runtime="ruby3.1", suffix=".rb")
PHP = Language(name="php", runtime="php8.2", suffix=".php")
PYTHONS = [
    Language(name=runtime, runtime=runtime, suffix=".py", exact=True)
    for runtime in ("python2.7", "python3.6", "python3.7", "python3.8")
]
PYTHON2 = PYTHONS[0]
LANGUAGES = (RUBY, PHP, *PYTHONS)

Serve = Callable[..., AbstractAsyncContextManager[Server]]
languages = pytest.mark.parametrize("language", LANGUAGES, ids=[language.name for language in LANGUAGES])

PROCESS = {
    "ruby": "def run(event, context)\n  Process.pid.to_s\nend\n",
    "php": "<?php function run($event, $context) { return getmypid(); }\n",
    "python": "import os\n\ndef run(event, context):\n    return str(os.getpid())\n",
}
SPLIT_HEADER = {
    "ruby": "def run(event, context)\n  [200, {'X-A' => \"a\\r\\nb: c\"}, 'x']\nend\n",
    "php": (
        "<?php function run($event, $context) {"
        " return $event->extensions->response->withHeader('X-A', \"a\\r\\nb: c\"); }\n"
    ),
    "python": (
        "class Answer(object):\n    status_code, headers, body = 200, {'X-A': 'a\\r\\nb: c'}, 'x'\n\n"
        "def run(event, context):\n    return Answer()\n"
    ),
}
EXIT_WHILE_LOADED = {
    "ruby": "exit!(9)\n",
    "php": "<?php exit(9);\n",
    "python": "import os\n\nos._exit(9)\n",
}
STUCK = {
    "ruby": "def run(event, context)\n  loop {} if event[:data] == 'stuck'\n  Process.pid.to_s\nend\n",
    "php": "<?php function run($event, $context) { while ($event->data === 'stuck') {} return getmypid(); }\n",
    "python": (
        "import os\n\ndef run(event, context):\n    while event['data'] == b'stuck':\n        pass\n"
        "    return str(os.getpid())\n"
    ),
}


def put(sources: dict[str, str], language: Language, folder: Path) -> None:
    key = "python" if language.suffix == ".py" else language.name
    (folder / f"fn{language.suffix}").write_text(sources[key])


@pytest.fixture
def serve(workshop: Workshop, tmp_path: Path) -> Serve:
    """Serve one of the sources above."""

    @asynccontextmanager
    async def serve(language: Language, sources: dict[str, str], **env: str) -> AsyncIterator[Server]:
        put(sources, language, tmp_path)
        try:
            async with workshop.run(language, tmp_path, "fn", env=env) as server:
                yield server
        except RuntimeNotAvailable as error:
            pytest.skip(str(error))

    return serve


@languages
async def test_one_process_serves_calls_one_after_the_other(serve: Serve, language: Language) -> None:
    async with serve(language, PROCESS) as server:
        assert len({(await server.call()).text for _ in range(20)}) == 1


@languages
async def test_a_call_over_its_time_costs_its_own_process_and_no_other(serve: Serve, language: Language) -> None:
    async with serve(language, STUCK, FUNC_TIMEOUT="1") as server:
        first = (await server.call()).text
        stuck = asyncio.create_task(server.post("stuck"))
        await asyncio.sleep(0.2)
        other = (await server.call()).text
        assert other != first, "the first one is stuck"
        assert (await stuck).status == 408
        await eventually(lambda: status_of(first)[0] == "", "the stuck process is gone")
        assert (await server.call()).text == other
        assert await server.metric("function_workers_replaced_total") == 1


@languages
async def test_no_process_outlives_a_server_that_is_killed(serve: Serve, language: Language) -> None:
    async with serve(language, PROCESS) as server:
        worker = (await server.call()).text
        _, front = status_of(worker)
        os.kill(front, signal.SIGKILL)
        # A zombie only waits for its parent to hear of its end.
        await eventually(lambda: status_of(worker)[0] in ("", "Z"), "the worker is gone")


def status_of(process: str) -> tuple[str, int]:
    """The state of a process and its parent; an empty state if it is not there."""
    try:
        state, parent = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[:2]
    except FileNotFoundError:
        return "", 0
    return state, int(parent)


@languages
async def test_a_file_that_ends_its_process_ends_the_server_with_the_reason(
    workshop: Workshop, tmp_path: Path, language: Language
) -> None:
    put(EXIT_WHILE_LOADED, language, tmp_path)
    try:
        process, log = await workshop.launch(language, tmp_path, "fn", handler="run", port=free_port(), env={})
    except RuntimeNotAvailable as error:
        pytest.skip(str(error))
    try:
        async with asyncio.timeout(20):
            assert await process.wait() == 1
        assert "function fn.run cannot be loaded: it ended its process with code 9" in read_log(log)
    finally:
        await process.kill()
        process.abandon()


@languages
async def test_a_header_with_a_line_of_its_own_is_an_error(serve: Serve, language: Language) -> None:
    async with serve(language, SPLIT_HEADER) as server:
        answer = await server.call()
        assert answer.status == 500
        assert "b" not in answer.headers


HEADS = [
    ("GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
    ("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", 400),
    ("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxyz\r\n", 400),
    ("POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\nContent-Length: 1_0\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nA : b\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\n folded: b\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nA: b\nC: d\r\n\r\n", 400),
    ("GET /a b HTTP/1.1\r\n\r\n", 400),
    ("GET a HTTP/1.1\r\n\r\n", 400),
    ("GET / HTTP/3.0\r\n\r\n", 400),
    (f"GET / HTTP/1.1\r\nA: {'x' * 70_000}\r\n\r\n", 431),
]


@pytest.mark.parametrize("language", [RUBY, PHP, PYTHON2], ids=["ruby", "php", "python2.7"])
async def test_what_could_be_read_in_two_ways_is_refused(serve: Serve, language: Language) -> None:
    async with serve(language, PROCESS) as server:
        for head, status in HEADS:
            received = await server.exchange(head.encode())
            assert received.startswith(f"HTTP/1.1 {status} ".encode()), head
        assert (await server.call()).status == 200


@pytest.mark.parametrize("language", [RUBY, PHP, PYTHON2], ids=["ruby", "php", "python2.7"])
async def test_a_client_that_asks_first_is_told_to_go_on(workshop: Workshop, language: Language) -> None:
    echo = Language(
        name=language.name, runtime=language.runtime, suffix=language.suffix, functions="python_legacy" * language.exact
    )
    try:
        async with workshop.serve(echo, "echo") as server:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
            assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
            writer.write(b"hi")
            assert (await reader.readuntil(b"\r\n\r\nhi")).startswith(b"HTTP/1.1 200 OK\r\n")
            writer.close()
            await writer.wait_closed()
    except RuntimeNotAvailable as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("language", [RUBY, PHP, *PYTHONS[:2]], ids=["ruby", "php", "python2.7", "python3.6"])
async def test_bytes_that_are_no_text_harm_nobody(serve: Serve, language: Language) -> None:
    names = ("Connection", "Content-Length", "Content-Type", "Expect", "Transfer-Encoding", "User-Agent", "ce-id")
    async with serve(language, PROCESS) as server:
        first = (await server.call()).text
        for name in names:
            header = f"{name}: ".encode() + b"gr\xfc\xdfe\r\n"
            once = b"POST /\xff%ff HTTP/1.1\r\n" + header + b"X: \xc3\xbc\r\nX: \xff\r\nConnection: close\r\n\r\n"
            assert (await server.exchange(once)).startswith(b"HTTP/1.1 "), name
        assert (await server.call()).text == first
