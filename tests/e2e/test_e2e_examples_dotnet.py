"""The examples in C#, deployed as their readers deploy them."""

import urllib.request
from pathlib import Path

import pytest

from kubeless.runtimes.catalog import resolve
from kubeless.runtimes.localruntime import RuntimeNotAvailable
from kubeless.runtimes.locate import locate
from support.localplatform import LocalPlatform, eventually

EXAMPLES = Path(__file__).parents[2] / "examples" / "dotnet"
EVENT = {"ce-specversion": "1.0", "ce-id": "1", "ce-type": "greeting", "ce-source": "/tests"}


@pytest.fixture(scope="module", autouse=True)
def dotnet() -> None:
    """Skip without an SDK."""
    try:
        locate(resolve("dotnet8"))
    except RuntimeNotAvailable as error:
        pytest.skip(str(error))


def deploy(platform: LocalPlatform, name: str, source: Path, *more: str, wait: bool = True) -> None:
    arguments = ("--runtime", "dotnet8", "--handler", "module.handler", "--from-file", str(source), *more)
    platform.kubeless("function", "deploy", name, *arguments, *(("--wait",) if wait else ()))


def call(platform: LocalPlatform, name: str, *more: str) -> str:
    return platform.kubeless("function", "call", name, *more, check=False).stdout


def describe(platform: LocalPlatform, name: str) -> str:
    return platform.kubeless("function", "describe", name, "-o", "json").stdout


def test_a_dotnet_function_answers(platform: LocalPlatform) -> None:
    deploy(platform, "get-dotnet", EXAMPLES / "helloget.cs")
    assert platform.kubeless("function", "call", "get-dotnet").stdout == "hello world\n"


def test_a_dotnet_function_sees_its_data_and_where_it_comes_from(platform: LocalPlatform) -> None:
    deploy(platform, "post-dotnet", EXAMPLES / "hellowithdata.cs")
    answer = platform.kubeless("function", "call", "post-dotnet", "--data", '{"it-s": "alive"}')
    assert answer.stdout == '{"it-s":"alive"}\n'
    line = 'cli.kubeless.io application/json {"it-s": "alive"}'
    eventually(lambda: line in platform.kubeless("function", "logs", "post-dotnet").stdout)


def test_a_dotnet_function_uses_its_dependencies(platform: LocalPlatform) -> None:
    dependencies = ("--dependencies", str(EXAMPLES / "dependency-yaml.csproj"))
    deploy(platform, "deps-dotnet", EXAMPLES / "dependency-yaml.cs", *dependencies, wait=False)

    def settled() -> bool:
        return "Name: Michael" in call(platform, "deps-dotnet") or "CompileFailed" in describe(platform, "deps-dotnet")

    eventually(settled, within=180)
    if "NU1301" in describe(platform, "deps-dotnet"):
        platform.kubeless("function", "delete", "deps-dotnet")
        pytest.skip("the packages of .NET cannot be reached from here")
    assert call(platform, "deps-dotnet").startswith("Name: Michael J. Fox\nAge: 56\n")


def test_a_dotnet_function_takes_cloudevents(platform: LocalPlatform) -> None:
    deploy(platform, "events-dotnet", EXAMPLES / "cloudevent.cs")
    url = f"{platform.status['addresses']['gateway']}/default/events-dotnet"
    with urllib.request.urlopen(urllib.request.Request(url, data=b"hi", headers=EVENT), timeout=10) as answer:
        assert answer.read() == b"greeting from /tests: hi"


def test_a_stuck_dotnet_function_is_timed_out_and_lives_on(platform: LocalPlatform) -> None:
    deploy(platform, "timeout-dotnet", EXAMPLES / "timeout.cs", "--timeout", "1")
    stuck = platform.kubeless("function", "call", "timeout-dotnet", "--data", "forever", check=False)
    assert stuck.returncode != 0
    assert call(platform, "timeout-dotnet", "--data", "x") == "in time\n"


def test_dotnet_that_does_not_compile_is_told_in_the_condition(platform: LocalPlatform) -> None:
    source = platform.folder / "broken.cs"
    source.write_text("using Kubeless.Functions;\n\npublic class module\n{\n    int handler() => absent;\n}\n")
    deploy(platform, "broken-dotnet", source, wait=False)
    eventually(lambda: "CompileFailed" in describe(platform, "broken-dotnet"), within=120)
    shown = describe(platform, "broken-dotnet")
    assert "module.cs(5," in shown
    assert "error CS0103" in shown
    platform.kubeless("function", "delete", "broken-dotnet")
