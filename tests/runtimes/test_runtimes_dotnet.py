"""What functions in .NET rely on beyond the contract: handlers of every shape, projects, HTTP, a second process."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from kubeless.runtimes.localruntime import RuntimeNotAvailable
from runtimes.languages import LANGUAGES
from runtimes.server import Server, StepFailed, Workshop, eventually_is

DOTNET = next(language for language in LANGUAGES if language.name == "dotnet")

Serve = Callable[..., AbstractAsyncContextManager[Server]]


@pytest.fixture
def serve(workshop: Workshop, tmp_path: Path) -> Serve:
    """Compile files and serve what they make."""

    @asynccontextmanager
    async def serve(files: dict[str, str], *, module: str = "module", **env: str) -> AsyncIterator[Server]:
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        try:
            await workshop.compile(DOTNET, tmp_path)
            async with workshop.run(DOTNET, tmp_path, module, env=env) as server:
                yield server
        except RuntimeNotAvailable as error:
            pytest.skip(str(error))

    return serve


def function(
    body: str, *, signature: str = "public object run(Event k8Event, Context k8Context)", kind: str = "public class"
) -> dict[str, str]:
    usings = "".join(
        f"using {name};\n"
        for name in ("System", "System.IO", "System.Threading", "System.Threading.Tasks", "Kubeless.Functions")
    )
    return {"module.cs": f"{usings}{kind} module\n{{\n{signature}\n{{\n{body}\n}}\n}}\n"}


@pytest.mark.parametrize(
    "source",
    [
        function('return "used";', signature="public string run(Event k8Event, Context k8Context)"),
        function('return "used";', signature="public static object run(Event e, Context c)"),
        function('return Task.FromResult<object>("used");', signature="public Task<object> run(Event e, Context c)"),
        function('await Task.Yield(); return "used";', signature="public async Task<string> run(Event e, Context c)"),
        function(
            "e.Extensions.Response.Body.Write(new byte[] { 117, 115, 101, 100 }, 0, 4);",
            signature="public void run(Event e, Context c)",
        ),
        function('return "used";', kind="class"),
        {name: f"namespace Some.Where {{ {text} }}" for name, text in function('return "used";').items()},
    ],
    ids=["string", "static", "task", "async", "void", "internal", "namespace"],
)
async def test_handlers_are_found_in_many_shapes(serve: Serve, source: dict[str, str]) -> None:
    async with serve(source) as server:
        assert (await server.call()).text == "used"


async def test_a_handler_of_another_shape_is_told_the_right_one(serve: Serve) -> None:
    source = function("return data;", signature="public string run(string data)")
    with pytest.raises(AssertionError, match=r"has no public method run\(Kubeless\.Functions\.Event, Kubeless"):
        async with serve(source):
            pass


async def test_a_class_that_cannot_be_made_is_told_with_its_error(serve: Serve) -> None:
    body = 'throw new InvalidOperationException("no luck"); } public object run(Event e, Context c) { return 1;'
    source = function(body, signature="public module()")
    with pytest.raises(AssertionError, match="InvalidOperationException: no luck"):
        async with serve(source):
            pass


async def test_a_project_with_a_name_and_files_of_its_own_is_served(serve: Serve) -> None:
    project = (
        '<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><TargetFramework>netstandard2.0</TargetFramework>'
        '<AssemblyName>greeter</AssemblyName></PropertyGroup><ItemGroup><PackageReference Include="Kubeless.Functions" '
        'Version="0.1.1" /></ItemGroup></Project>'
    )
    words = {"words/Words.cs": 'public static class Words { public const string Greeting = "hello"; }'}
    async with serve(function("return Words.Greeting;") | words | {"project.csproj": project}) as server:
        assert (await server.call()).text == "hello"


async def test_an_empty_project_is_replaced_by_the_default_one(serve: Serve) -> None:
    async with serve(function('return "used";') | {"project.csproj": "\n"}) as server:
        assert (await server.call()).text == "used"


async def test_a_folder_without_source_is_named(serve: Serve) -> None:
    with pytest.raises(StepFailed, match=r"there is no \.cs, \.fs or \.vb file"):
        async with serve({"readme.txt": ""}):
            pass


async def test_the_request_is_read_as_functions_of_the_original_read_it(serve: Serve) -> None:
    body = """
        dynamic request = k8Event.Extensions.HttpRequest;
        var text = new StreamReader((Stream)request.Body).ReadToEnd();
        return request.Method + " " + request.Path + " " + request.Headers["x-test"] + " " + text;
    """
    async with serve(function(body)) as server:
        answer = await server.call("PUT", "/a%20b?c", data="sent", headers={"X-Test": "1"})
        assert answer.text == "PUT /a b 1 sent"


@pytest.mark.parametrize(
    "body",
    [
        "return new object[] { k8Event };",
        'k8Event.Extensions.Response.Headers["X-Bad"] = "a\\r\\nX-Other: b"; return "";',
        'k8Event.Extensions.Response.StatusCode = 99; return "";',
        "throw null;",
    ],
)
async def test_an_answer_that_cannot_be_sent_is_a_500(serve: Serve, body: str) -> None:
    async with serve(function(body)) as server:
        answer = await server.call()
        assert (answer.status, answer.headers.get("X-Other")) == (500, None)


async def test_a_function_hears_that_its_time_is_over(serve: Serve) -> None:
    body = 'k8Event.Extensions.Cancelled.WaitHandle.WaitOne(); Console.WriteLine("has heard"); return "late";'
    async with serve(function(body), FUNC_TIMEOUT="0.5") as server:
        assert (await server.call()).status == 408
        await server.wait_log("has heard")


async def test_a_timeout_may_be_a_year(workshop: Workshop) -> None:
    try:
        async with workshop.serve(DOTNET, "echo", env={"FUNC_TIMEOUT": "31536000"}) as server:
            assert (await server.post("x")).text == "x"
    except RuntimeNotAvailable as error:
        pytest.skip(str(error))


async def test_another_process_takes_over_from_one_with_a_stuck_call(serve: Serve) -> None:
    body = """
        while (k8Event.Data.Equals("stuck"))
        {
        }
        return System.Diagnostics.Process.GetCurrentProcess().Id;
    """
    async with serve(function(body), FUNC_TIMEOUT="1") as server:
        first = (await server.call()).text
        assert (await server.post("stuck")).status == 408

        async def taken_over() -> bool:
            try:
                return (await server.call()).text != first
            except aiohttp.ClientConnectionError:
                return False

        await eventually_is(taken_over, "another process", within=60)
        await server.wait_log("another server takes the place of this one")


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: 1, 2\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        b"GET / HTTP/1.1\r\nX Y: 1\r\n\r\n",
        b"GET / HTTP/1.1\r\n continued\r\n\r\n",
        b"GET / HTTP/2.0\r\n\r\n",
    ],
)
async def test_requests_of_two_meanings_are_refused(workshop: Workshop, sent: bytes) -> None:
    try:
        async with workshop.serve(DOTNET, "count") as server:
            assert (await server.exchange(sent)).startswith(b"HTTP/1.1 400 ")
            assert (await server.call()).text == "1"
    except RuntimeNotAvailable as error:
        pytest.skip(str(error))


async def test_requests_sent_together_are_answered_in_their_order(workshop: Workshop) -> None:
    try:
        async with workshop.serve(DOTNET, "count") as server:
            answers = await server.exchange(
                b"GET / HTTP/1.1\r\n\r\n" * 2 + b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n"
            )
            assert [part.rpartition(b"\r\n")[2] for part in answers.split(b"HTTP/1.1 200 OK")[1:]] == [b"1", b"2", b"3"]
    except RuntimeNotAvailable as error:
        pytest.skip(str(error))
