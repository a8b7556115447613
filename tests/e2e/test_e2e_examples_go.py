"""The Go examples, deployed as their readers deploy them; and what the CLI says of Go that does not compile."""

import urllib.request
from pathlib import Path

from support.localplatform import LocalPlatform, eventually

EXAMPLES = Path(__file__).parents[2] / "examples" / "go"


def deploy(platform: LocalPlatform, name: str, handler: str, *more: str, check: bool = True) -> str:
    """Deploy the example that the handler names, and wait until it is ready; what the command told."""
    source = str(EXAMPLES / f"{handler.partition('.')[0]}.go")
    arguments = ("--runtime", "go1.26", "--handler", handler, "--from-file", source, "--wait", *more)
    done = platform.kubeless("function", "deploy", name, *arguments, check=check)
    return done.stdout + done.stderr


def test_a_go_function_answers(platform: LocalPlatform) -> None:
    deploy(platform, "get-go", "helloget.Foo")
    assert platform.kubeless("function", "call", "get-go").stdout == "Hello world!\n"


def test_a_go_function_sees_its_data_and_where_it_comes_from(platform: LocalPlatform) -> None:
    deploy(platform, "post-go", "hellowithdata.Handler")
    answer = platform.kubeless("function", "call", "post-go", "--data", '{"it-s": "alive"}')
    assert answer.stdout == '{"it-s": "alive"}\n'
    line = 'cli.kubeless.io application/json {"it-s": "alive"}'
    eventually(lambda: line in platform.kubeless("function", "logs", "post-go").stdout)


def test_a_go_function_uses_its_dependencies(platform: LocalPlatform) -> None:
    deploy(platform, "deps-go", "hellowithdeps.Hello", "--dependencies", str(EXAMPLES / "go.mod"))
    assert platform.kubeless("function", "call", "deps-go", "--data", "logged").stdout == "Hello world!\n"
    eventually(lambda: "msg=logged" in platform.kubeless("function", "logs", "deps-go").stdout)


def test_a_go_function_takes_cloudevents(platform: LocalPlatform) -> None:
    deploy(platform, "events-go", "cloudevent.Handler")
    sent = {"ce-specversion": "1.0", "ce-id": "1", "ce-type": "greeting", "ce-source": "/tests"}
    url = f"{platform.status['addresses']['gateway']}/default/events-go"
    with urllib.request.urlopen(urllib.request.Request(url, data=b"hi", headers=sent), timeout=10) as answer:
        assert answer.read() == b"greeting from /tests: hi"


def test_a_stuck_go_function_is_timed_out_and_lives_on(platform: LocalPlatform) -> None:
    deploy(platform, "timeout-go", "timeout.Foo", "--timeout", "1")
    stuck = platform.kubeless("function", "call", "timeout-go", "--data", "forever", check=False)
    assert stuck.returncode != 0
    assert platform.kubeless("function", "call", "timeout-go", "--data", "x").stdout == "in time\n"


def test_go_that_does_not_compile_is_told_in_the_condition(platform: LocalPlatform) -> None:
    source = platform.folder / "broken.go"
    source.write_text("package kubeless\n\nfunc Run() int { return undefinedName }\n")
    arguments = ("--runtime", "go1.26", "--handler", "broken.Run", "--from-file", str(source))
    platform.kubeless("function", "deploy", "broken-go", *arguments)

    def told() -> bool:
        shown = platform.kubeless("function", "describe", "broken-go", "-o", "json").stdout
        return "CompileFailed" in shown and "broken.go:3:25: undefined: undefinedName" in shown

    eventually(told, within=60)
    platform.kubeless("function", "delete", "broken-go")
