"""What functions in Java and in jars rely on beyond the contract: Maven, handlers of every shape, threads, HTTP."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from kubeless.runtimes.localruntime import RuntimeNotAvailable
from runtimes.languages import LANGUAGES, Language, pom
from runtimes.server import Server, StepFailed, Workshop, eventually_is, found

JAVA = next(language for language in LANGUAGES if language.name == "java")
JVM = next(language for language in LANGUAGES if language.name == "jvm")
VIRTUAL = Language(name="java", runtime="java25", suffix=".java")
EXAMPLE = Path(__file__).parents[2] / "examples" / "jvm" / "build.sh"
SIGNATURE = "public String run(Event event, Context context) throws Exception"

Serve = Callable[..., AbstractAsyncContextManager[Server]]


@pytest.fixture
def serve(workshop: Workshop, tmp_path: Path) -> Serve:
    """Compile files and serve what they make."""

    @asynccontextmanager
    async def serve(
        files: dict[str, str], *, language: Language = JAVA, module: str = "Fn", **env: str
    ) -> AsyncIterator[Server]:
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        try:
            await workshop.compile(language, tmp_path)
            async with workshop.run(language, tmp_path, module, env=env) as server:
                yield server
        except RuntimeNotAvailable as error:
            pytest.skip(str(error))

    return serve


def function(body: str) -> dict[str, str]:
    return {"Fn.java": f"package io.kubeless;\npublic class Fn {{\n{SIGNATURE} {{\n{body}\n}}\n}}\n"}


@pytest.mark.parametrize(
    "source",
    [
        'package io.kubeless; public class Fn { public static String run(Event e, Context c) { return "used"; } }',
        'package io.kubeless; class Fn { public String run(Event e, Context c) { return "used"; } }',
        'package io.kubeless; public class Fn { public Object run(Event e, Context c) { return "used"; } }',
        'public class Fn { public String run(io.kubeless.Event e, io.kubeless.Context c) { return "used"; } }',
        "package io.kubeless; public class Fn { static class Request {} public String run(Event e, Context c)"
        ' { return new Request() == null ? "" : "used"; } }',
    ],
)
async def test_handlers_are_found_in_many_shapes(serve: Serve, source: str) -> None:
    async with serve({"Fn.java": source}) as server:
        assert (await server.call()).text == "used"


async def test_a_handler_of_another_shape_is_told_the_right_one(serve: Serve) -> None:
    source = "package io.kubeless; public class Fn { public String run(String data) { return data; } }"
    with pytest.raises(AssertionError, match=r"has no public method run\(io\.kubeless\.Event, io\.kubeless\.Context\)"):
        async with serve({"Fn.java": source}):
            pass


async def test_a_class_that_cannot_be_initialized_is_told_with_its_error(serve: Serve) -> None:
    body = f'public Fn() {{ throw new IllegalStateException("no luck"); }} {SIGNATURE} {{ return ""; }}'
    with pytest.raises(AssertionError, match="IllegalStateException: no luck"):
        async with serve({"Fn.java": f"package io.kubeless; public class Fn {{ {body} }}"}):
            pass


async def test_a_maven_project_is_built_with_all_its_files(serve: Serve) -> None:
    main = "src/main/java/io/kubeless"
    files = {
        "pom.xml": JAVA.deps,
        f"{main}/Fn.java": function("return new io.kubeless.inner.Word().text();")["Fn.java"],
        f"{main}/inner/Word.java": "package io.kubeless.inner; import java.util.Scanner; public class Word {"
        ' public String text() { return new Scanner(getClass().getResourceAsStream("/word.txt")).next(); } }',
        "src/main/resources/word.txt": "together",
    }
    async with serve(files) as server:
        assert (await server.call()).text == "together"


@pytest.mark.parametrize("project", [{}, {"pom.xml": JAVA.deps}], ids=["javac", "maven"])
async def test_the_last_line_tells_the_first_mistake(serve: Serve, project: dict[str, str]) -> None:
    with pytest.raises(StepFailed) as failed:
        async with serve({**function("return absent;"), **project}):
            pass
    last = str(failed.value).strip().splitlines()[-1]
    assert "Unable to compile the function: " in last
    assert "Fn.java" in last
    assert "cannot find symbol" in last


async def test_without_a_network_what_was_fetched_before_is_enough(
    serve: Serve, workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    try:
        await workshop.prepare(JAVA, "depend", deps=JAVA.deps)
    except RuntimeNotAvailable as error:
        pytest.skip(str(error))
    cut_off(monkeypatch)
    files = {"pom.xml": JAVA.deps, **function("return new org.joda.time.LocalDate(2018, 5, 18).toString();")}
    async with serve(files) as server:
        assert (await server.call()).text == "2018-05-18"


async def test_without_a_network_the_dependency_that_is_missing_is_named(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut_off(monkeypatch)
    absent = pom("<groupId>joda-time</groupId><artifactId>joda-time</artifactId><version>0.0.1</version>")
    with pytest.raises(StepFailed, match=r"Unable to compile the function: .*joda-time:(jar|pom):0\.0\.1"):
        async with serve({"pom.xml": absent, **function('return "";')}):
            pass


def mark_function(cache: Path) -> None:
    (kept,) = cache.glob("function-*")
    (kept / "classes" / "mark").touch()


def cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = " ".join(f"-D{kind}.proxyHost=127.0.0.1 -D{kind}.proxyPort=9" for kind in ("http", "https"))
    monkeypatch.setenv("MAVEN_OPTS", proxy)


async def test_the_same_source_is_not_compiled_twice(
    workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    volumes = [tmp_path / "one", tmp_path / "two", tmp_path / "other"]
    for volume, text in zip(volumes, ("same", "same", "other"), strict=True):
        volume.mkdir()
        (volume / "Fn.java").write_text(function(f'return "{text}";')["Fn.java"])
    try:
        await workshop.compile(JAVA, volumes[0])
    except RuntimeNotAvailable as error:
        pytest.skip(str(error))
    mark_function(tmp_path / ".cache" / "kubeless" / "java")
    for volume in volumes[1:]:
        await workshop.compile(JAVA, volume)
    assert [(volume / ".kubeless" / "classes" / "mark").exists() for volume in volumes] == [False, True, False]


async def test_a_function_is_interrupted_at_its_timeout(serve: Serve) -> None:
    body = 'try { Thread.sleep(60000); } catch (InterruptedException e) { System.out.println("heard"); } return "";'
    async with serve(function(body), FUNC_TIMEOUT="0.5") as server:
        assert (await server.call()).status == 408
        await server.wait_log("heard")
        assert (await server.call("POST", "/metrics", data="x")).status == 408


async def test_a_stream_that_times_out_is_not_taken_for_a_whole_one(serve: Serve) -> None:
    body = """
        event.Extensions.Response.getOutputStream().write("half".getBytes());
        event.Extensions.Response.getOutputStream().flush();
        Thread.sleep(60000);
        return "";
    """
    async with serve(function(body), FUNC_TIMEOUT="0.5") as server:
        received = await server.exchange(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"half" in received
        assert not received.endswith(b"0\r\n\r\n")


async def test_system_exit_ends_the_server_and_another_takes_its_place(serve: Serve) -> None:
    async with serve(function('if (event.Data.equals("x")) Runtime.getRuntime().halt(7); return "ok";')) as server:
        await server.exchange(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx")
        await server.wait_log("the function ended its process with code 7")
        await eventually_is(lambda: _answers(server), "answers again")


async def _answers(server: Server) -> bool:
    try:
        return (await server.call()).text == "ok"
    except aiohttp.ClientConnectionError:
        return False


@pytest.mark.parametrize("language", [JAVA, VIRTUAL], ids=["threads", "virtual threads"])
async def test_stuck_calls_get_their_server_replaced_while_others_use_up_their_time(
    serve: Serve, language: Language
) -> None:
    body = """
        while (event.Data.equals("stuck") && System.nanoTime() != 0) {}
        if (event.Data.equals("slow")) Thread.sleep(4000);
        return java.nio.file.Paths.get("/proc/self").toRealPath().toString();
    """
    async with serve(function(body), language=language, FUNC_TIMEOUT="5", SHUTDOWN_TIMEOUT="0.5") as server:
        first = (await server.call()).text
        stuck = [asyncio.create_task(server.post("stuck")) for _ in range(5)]  # more than there are cores
        await asyncio.sleep(4)  # so that the slow call has begun, and lasts beyond the replacement
        slow = asyncio.create_task(server.post("slow"))
        assert {(await one).status for one in stuck} == {408}
        await server.wait_log("another server takes the place")
        assert (await slow).text == first
        await eventually_is(lambda: _is_served_by_another(server, first), "served by another process")


async def _is_served_by_another(server: Server, process: str) -> bool:
    return (await server.call()).text != process


async def test_calls_have_virtual_threads_where_there_are(serve: Serve) -> None:
    body = 'return "" + Thread.currentThread().getClass().getSimpleName();'
    try:
        _, local = await found(VIRTUAL)
    except RuntimeNotAvailable as error:
        pytest.skip(str(error))
    if int(local.version.partition(".")[0]) < 21:
        pytest.skip(f"Java {local.version} has no virtual threads")
    async with serve(function(body), language=VIRTUAL) as server:
        assert (await server.call()).text == "VirtualThread"


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        ("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", 400),
        ("POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nA : b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\n folded: b\r\n\r\n", 400),
        ("GET /a b HTTP/1.1\r\n\r\n", 400),
        ("GET a HTTP/1.1\r\n\r\n", 400),
        ("GET / HTTP/3.0\r\n\r\n", 400),
        (f"GET / HTTP/1.1\r\nA: {'x' * 70_000}\r\n\r\n", 431),
    ],
)
async def test_what_could_be_read_in_two_ways_is_refused(serve: Serve, head: str, status: int) -> None:
    async with serve(function('return "ok";')) as server:
        received = await server.exchange(head.encode())
        assert received.startswith(f"HTTP/1.1 {status} ".encode())
        assert (await server.call()).text == "ok"


async def test_a_client_that_asks_first_is_told_to_go_on(serve: Serve) -> None:
    async with serve(function("return event.Data;")) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"hi")
        assert (await reader.readuntil(b"\r\n\r\nhi")).startswith(b"HTTP/1.1 200 OK\r\n")
        writer.close()
        await writer.wait_closed()


async def test_a_header_with_a_line_of_its_own_is_an_error(serve: Serve) -> None:
    async with serve(function('event.Extensions.Response.setHeader("X-A", "a\\r\\nb: c"); return "x";')) as server:
        answer = await server.call()
        assert answer.status == 500
        assert "b" not in answer.headers


async def test_a_jar_is_served_by_a_handler_with_underscores_for_dots(serve: Serve, tmp_path: Path) -> None:
    try:
        await found(JVM)
    except RuntimeNotAvailable as error:
        pytest.skip(str(error))
    await asyncio.to_thread(_build, tmp_path / "io_ino_Handler.jar")
    async with serve({}, language=JVM, module="io_ino_Handler", FUNC_HANDLER="sayHello") as server:
        assert (await server.call()).text == "Hello world!"


def _build(jar: Path) -> None:
    subprocess.run(["sh", str(EXAMPLE), str(jar)], check=True, timeout=60)
