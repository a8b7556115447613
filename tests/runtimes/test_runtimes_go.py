"""What Go functions rely on beyond the contract: modules old and new, how handlers look, a server that is replaced."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from kubeless.runtimes.localruntime import RuntimeNotAvailable
from runtimes.languages import Language
from runtimes.server import Server, StepFailed, Workshop, eventually_is

GO = Language(name="go", runtime="go1.26", suffix=".go", handler="Run")
IMPORT = '"github.com/kubeless/kubeless/pkg/functions"'
HEAD = f"package kubeless\nimport {IMPORT}\n"
REQUEST = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 1\r\n\r\n"
SIGNATURE = "func Run(event functions.Event, context functions.Context) (string, error)"

Serve = Callable[..., AbstractAsyncContextManager[Server]]


@pytest.fixture
def serve(workshop: Workshop, tmp_path: Path) -> Serve:
    """Compile files and serve what they make."""

    @asynccontextmanager
    async def serve(files: dict[str, str], **env: str) -> AsyncIterator[Server]:
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        try:
            await workshop.compile(GO, tmp_path)
            async with workshop.run(GO, tmp_path, "fn", env=env) as server:
                yield server
        except RuntimeNotAvailable as error:
            pytest.skip(str(error))

    return serve


def function(body: str, *imports: str) -> str:
    named = "".join(f'import "{name}"\n' for name in imports)
    return f"{HEAD}{named}{SIGNATURE} {{\n{body}\n}}\n"


@pytest.mark.parametrize(
    "module",
    [
        {},
        {"go.mod": ""},
        {"go.mod": "module function\n"},
        {"go.mod": "module function\n\ngo 1.14\n\nrequire github.com/pkg/errors v0.9.1\n"},
        {"go.mod": "module example.com/team/fn\n\ngo 1.22\n"},
        {"go.mod": "module function\n\nrequire github.com/kubeless/kubeless v1.0.7\n"},
    ],
)
async def test_modules_of_every_age_compile(serve: Serve, module: dict[str, str]) -> None:
    async with serve({"fn.go": function('return "made", nil'), **module}) as server:
        assert (await server.call()).text == "made"


async def test_a_gopkg_toml_of_go_1_10_is_understood(serve: Serve) -> None:
    gopkg = '[[constraint]]\n  name = "github.com/pkg/errors"\n  version = "0.9"\n\n[prune]\n  go-tests = true\n'
    source = function('return "", errors.New("used")', "github.com/pkg/errors")
    async with serve({"fn.go": source, "Gopkg.toml": gopkg}) as server:
        assert (await server.call()).status == 500
        await server.wait_log("used")


async def test_a_range_of_versions_in_gopkg_toml_is_refused_with_a_remedy(serve: Serve) -> None:
    gopkg = '[[constraint]]\n  name = "github.com/pkg/errors"\n  version = ">=0.8, <0.9"\n'
    with pytest.raises(StepFailed, match=r"Gopkg\.toml: version=.* give one version"):
        async with serve({"fn.go": function('return "", nil'), "Gopkg.toml": gopkg}):
            pass


async def test_files_and_packages_beside_the_function_are_compiled_with_it(serve: Serve) -> None:
    files = {
        "go.mod": "module function\n",
        "fn.go": function("return inner.Word + word, nil", "function/inner"),
        "word.go": 'package kubeless\n\nconst word = " together"\n',
        "inner/inner.go": 'package inner\n\nconst Word = "all"\n',
        "fn_test.go": "package kubeless\n\nthis is not compiled\n",
    }
    async with serve(files) as server:
        assert (await server.call()).text == "all together"


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (function("return 1, nil"), "fn.go:4:8"),
        (function('return "", nil', "example.com/absent"), "example.com/absent"),
        ("package main\n\nfunc main() {}\n", "write `package kubeless`"),
        (f"package kubeless\nimport _ {IMPORT}\nfunc run() {{}}\n", "must begin with a capital letter"),
        ("", "expected 'package'"),
    ],
)
async def test_what_does_not_compile_is_told_with_its_place(serve: Serve, source: str, words: str) -> None:
    with pytest.raises(StepFailed) as failed:
        async with serve({"fn.go": source}):
            pass
    assert words in str(failed.value)


async def test_a_handler_of_another_shape_is_told_the_right_one(serve: Serve) -> None:
    with pytest.raises(AssertionError, match=r"must be a func\(event functions.Event"):
        async with serve({"fn.go": f'{HEAD}func Run(event functions.Event) string {{ return "" }}\n'}):
            pass


async def test_the_same_source_is_not_compiled_twice(
    workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOCACHE", str(Path.home() / ".cache" / "go-build"))
    monkeypatch.setenv("HOME", str(tmp_path))
    volumes = [tmp_path / "one", tmp_path / "two", tmp_path / "other"]
    for volume, text in zip(volumes, ("same", "same", "other"), strict=True):
        volume.mkdir()
        (volume / "fn.go").write_text(function(f'return "{text}", nil'))
    try:
        await workshop.compile(GO, volumes[0])
    except RuntimeNotAvailable as error:
        pytest.skip(str(error))
    mark_function(tmp_path / ".cache" / "kubeless" / "go")
    for volume in volumes[1:]:
        await workshop.compile(GO, volume)
    assert [(volume / "server").read_bytes() == b"mark" for volume in volumes] == [False, True, False]


def mark_function(cache: Path) -> None:
    """The larger one of two programs; the other is the supervisor."""
    max(cache.iterdir(), key=lambda program: program.stat().st_size).write_bytes(b"mark")


async def test_a_dependency_that_cannot_be_fetched_is_named_in_the_last_line(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOPROXY", "http://127.0.0.1:9")
    module = "module function\n\nrequire example.com/never/fetched v1.0.0\n"
    source = function("return fetched.Word, nil", "example.com/never/fetched")
    with pytest.raises(StepFailed) as failed:
        async with serve({"fn.go": source, "go.mod": module}):
            pass
    last = str(failed.value).strip().splitlines()[-1]
    assert "Unable to compile the function: " in last
    assert "example.com/never/fetched@v1.0.0" in last
    assert "connection refused" in last


async def test_a_panic_is_a_500_and_hurts_nobody_else(serve: Serve) -> None:
    async with serve({"fn.go": function('if event.Data == "x" { panic("own words") }; return "ok", nil')}) as server:
        assert (await server.post("x")).status == 500
        await server.wait_log("panic: own words")
        await server.wait_log("fn.go:")
        assert (await server.post("y")).text == "ok"
        assert await server.metric("function_failures_total") == 1


async def test_a_panic_outside_of_a_call_ends_the_server_and_another_takes_its_place(serve: Serve) -> None:
    body = 'if event.Data == "x" { go func() { panic("elsewhere") }() }; return "ok", nil'
    async with serve({"fn.go": function(body)}) as server:
        await server.exchange(REQUEST + b"x")  # it may or may not be answered
        await server.wait_log("the function ended its process with code 2")
        assert b"ok" in await server.exchange(REQUEST + b"y")


async def test_the_context_ends_with_the_timeout(serve: Serve) -> None:
    body = 'c := event.Extensions.Context; <-c.Done(); fmt.Println("heard", c.Err()); return "", c.Err()'
    async with serve({"fn.go": function(body, "fmt")}, FUNC_TIMEOUT="0.5") as server:
        assert (await server.call()).status == 408
        await server.wait_log("heard context deadline exceeded")


async def test_stuck_calls_get_their_server_replaced_while_others_use_up_their_time(serve: Serve) -> None:
    body = """
        for event.Data == "stuck" {
        }
        if event.Data == "slow" {
            time.Sleep(4 * time.Second)
        }
        return strconv.Itoa(os.Getpid()), nil
    """
    source = function(body, "os", "strconv", "time")
    async with serve({"fn.go": source}, FUNC_TIMEOUT="5", SHUTDOWN_TIMEOUT="0.5") as server:
        first = (await server.call()).text
        stuck = asyncio.create_task(server.post("stuck"))
        await asyncio.sleep(4)  # so that the slow call has begun, and lasts beyond the replacement
        slow = asyncio.create_task(server.post("slow"))
        assert (await stuck).status == 408
        await server.wait_log("another server takes the place")
        assert (await slow).text == first
        await eventually_is(lambda: _is_served_by_another(server, first), "served by another process")


async def _is_served_by_another(server: Server, process: str) -> bool:
    return (await server.call()).text != process


async def test_options_is_answered_for_the_function_and_every_answer_allows_every_origin(serve: Serve) -> None:
    async with serve({"fn.go": function('return "ok", nil')}) as server:
        preflight = await server.call("OPTIONS", headers={"Access-Control-Request-Method": "PUT"})
        assert preflight.headers["Access-Control-Allow-Methods"] == "PUT"
        assert (await server.call()).headers["Access-Control-Allow-Origin"] == "*"
        assert await server.metric("function_calls_total") == 1
