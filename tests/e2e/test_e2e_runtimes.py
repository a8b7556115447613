"""The examples of each language, deployed as their readers deploy them; and what the CLI says of a runtime."""

import json
import urllib.request
from pathlib import Path

import pytest

from kubeless.runtimes.catalog import resolve
from kubeless.runtimes.locate import locate
from support.localplatform import LocalPlatform, eventually

EXAMPLES = Path(__file__).parents[2] / "examples"


def deploy(platform: LocalPlatform, name: str, file: str, handler: str, runtime: str, *more: str) -> str:
    """Deploy an example and wait until it is ready; what the command told."""
    source = str(EXAMPLES / file)
    arguments = ("--runtime", runtime, "--handler", handler, "--from-file", source, "--wait", *more)
    done = platform.kubeless("function", "deploy", name, *arguments)
    return done.stdout + done.stderr


def test_a_nodejs_function_answers(platform: LocalPlatform) -> None:
    deploy(platform, "get-nodejs", "nodejs/helloget.js", "helloget.foo", "nodejs20")
    assert platform.kubeless("function", "call", "get-nodejs").stdout == "hello world!\n"


def test_a_nodejs_function_sees_its_data_and_where_it_comes_from(platform: LocalPlatform) -> None:
    deploy(platform, "post-nodejs", "nodejs/hellowithdata.js", "hellowithdata.handler", "nodejs20")
    answer = platform.kubeless("function", "call", "post-nodejs", "--data", '{"it-s": "alive"}')
    assert json.loads(answer.stdout) == {"it-s": "alive"}
    eventually(lambda: "cli.kubeless.io" in platform.kubeless("function", "logs", "post-nodejs").stdout)
    assert "'event-type': 'application/json'" in platform.kubeless("function", "logs", "post-nodejs").stdout


def test_a_nodejs_function_uses_its_dependencies(platform: LocalPlatform) -> None:
    dependencies = ("--dependencies", str(EXAMPLES / "nodejs" / "package.json"))
    # The handler's module name and the file's name differ on purpose: the former counts.
    deploy(platform, "deps-nodejs", "nodejs/hellowithdeps.js", "helloget.handler", "nodejs20", *dependencies)
    answer = json.loads(platform.kubeless("function", "call", "deps-nodejs", "--data", '{"hello": "world"}').stdout)
    assert answer["hello"] == "world"
    assert answer["date"].endswith("UTC")


def test_a_nodejs_function_streams(platform: LocalPlatform) -> None:
    deploy(platform, "stream-nodejs", "nodejs/hellostream.js", "hellostream.foo", "nodejs20")
    eventually(lambda: platform.http("GET", "/default/stream-nodejs").body == "hello world\n")


@pytest.mark.parametrize("version", ["0.1", "1.0"])
def test_a_nodejs_function_takes_cloudevents(platform: LocalPlatform, version: str) -> None:
    name = f"events-nodejs-{version.replace('.', '')}"
    deploy(platform, name, "nodejs/cloudevent.js", "cloudevent.handler", "nodejsCE20")
    new = {"specversion": "1.0", "id": "1", "type": "greeting", "source": "/tests", "data": {"a": 1}}
    old = {"cloudEventsVersion": "0.1", "eventID": "1", "eventType": "greeting", "source": "/tests", "data": {"a": 1}}
    event = json.dumps(old if version == "0.1" else new)
    headers = {"Content-Type": "application/cloudevents+json"}
    gateway = platform.status["addresses"]["gateway"]
    request = urllib.request.Request(f"{gateway}/default/{name}", data=event.encode(), headers=headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.read().decode() == 'greeting from /tests: {"a":1}'


def test_a_stuck_nodejs_function_is_timed_out_and_lives_on(platform: LocalPlatform) -> None:
    deploy(platform, "timeout-nodejs", "nodejs/timeout.js", "timeout.foo", "nodejs20", "--timeout", "1")
    stuck = platform.kubeless("function", "call", "timeout-nodejs", "--data", "forever", check=False)
    assert stuck.returncode != 0
    assert platform.kubeless("function", "call", "timeout-nodejs", "--data", "x").stdout == "in time\n"


def test_a_python2_function_without_python2_is_translated_and_the_condition_says_so(platform: LocalPlatform) -> None:
    translated = locate(resolve("python2.7")).warning is not None
    (platform.folder / "old.py").write_text("def run(event, context):\n    print event['data']\n    return 'done'\n")
    told = deploy(platform, "python2", str(platform.folder / "old.py"), "old.run", "python2.7")
    assert "python2.7 gets no security fixes since 2020-01-01" in told
    assert ("translated from Python 2" in told) is translated
    assert platform.kubeless("function", "call", "python2", "--data", "printed as text").stdout == "done\n"
    eventually(lambda: "printed as text\n" in platform.kubeless("function", "logs", "python2").stdout)
    assert "b'printed" not in platform.kubeless("function", "logs", "python2").stdout
    shown = platform.kubeless("function", "describe", "python2", "-o", "json").stdout
    assert ("translated from Python 2" in shown) is translated


def test_a_language_that_is_not_installed_names_its_package(platform: LocalPlatform) -> None:
    (platform.folder / "hello.bal").write_text("public function foo() {}\n")
    arguments = ("--runtime", "ballerina2201", "--handler", "hello.foo", "--from-file", "hello.bal", "--wait")
    failed = platform.kubeless("function", "deploy", "ballerina", *arguments, check=False)
    assert failed.returncode != 0
    assert "RuntimeNotAvailable" in failed.stderr
    assert "ballerina.io" in failed.stderr
