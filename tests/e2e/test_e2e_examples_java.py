"""The examples in Java and in a jar, deployed as their readers deploy them."""

import re
import subprocess
import urllib.request
from pathlib import Path

import pytest

from support.localplatform import LocalPlatform, eventually

EXAMPLES = Path(__file__).parents[2] / "examples"
EVENT = {"ce-specversion": "1.0", "ce-id": "1", "ce-type": "greeting", "ce-source": "/tests"}


def deploy(platform: LocalPlatform, name: str, handler: str, *more: str) -> None:
    """Deploy the class that the handler names, and wait until it is ready."""
    source = str(EXAMPLES / "java" / f"{handler.partition('.')[0]}.java")
    arguments = ("--runtime", "java17", "--handler", handler, "--from-file", source, "--wait", *more)
    platform.kubeless("function", "deploy", name, *arguments)


@pytest.fixture(scope="module")
def jar(tmp_path_factory: pytest.TempPathFactory) -> str:
    file = tmp_path_factory.mktemp("jar") / "hello.jar"
    subprocess.run(["sh", EXAMPLES / "jvm" / "build.sh", file], check=True, timeout=60)
    return str(file)


def deploy_jar(platform: LocalPlatform, name: str, handler: str, jar: str, *more: str) -> None:
    arguments = ("--runtime", "jvm17", "--handler", handler, "--from-file", jar, "--wait", *more)
    platform.kubeless("function", "deploy", name, *arguments)


def send_event(platform: LocalPlatform, name: str) -> str:
    url = f"{platform.status['addresses']['gateway']}/default/{name}"
    with urllib.request.urlopen(urllib.request.Request(url, data=b"hi", headers=EVENT), timeout=10) as answer:
        return str(answer.read().decode())


def test_a_java_function_answers(platform: LocalPlatform) -> None:
    deploy(platform, "get-java", "Foo.foo")
    assert platform.kubeless("function", "call", "get-java").stdout == "Hello world!\n"


def test_a_java_function_sees_its_data_and_where_it_comes_from(platform: LocalPlatform) -> None:
    deploy(platform, "post-java", "HelloWithData.sayHello")
    answer = platform.kubeless("function", "call", "post-java", "--data", '{"it-s": "alive"}')
    assert answer.stdout == '{"it-s": "alive"}\n'
    line = 'cli.kubeless.io application/json {"it-s": "alive"}'
    eventually(lambda: line in platform.kubeless("function", "logs", "post-java").stdout)


def test_a_java_function_uses_its_dependencies(platform: LocalPlatform) -> None:
    dependencies = ("--dependencies", str(EXAMPLES / "java" / "pom.xml"))
    deploy(platform, "deps-java", "HelloWithDeps.sayHello", *dependencies)
    answer = platform.kubeless("function", "call", "deps-java", "--data", "hello").stdout
    assert re.match(r"Hello world! Current local time is: \d\d:\d\d:\d\d\.\d{3}\n", answer)


def test_a_java_function_takes_cloudevents(platform: LocalPlatform) -> None:
    deploy(platform, "events-java", "CloudEvent.handler")
    assert send_event(platform, "events-java") == "greeting from /tests: hi"


def test_a_stuck_java_function_is_timed_out_and_lives_on(platform: LocalPlatform) -> None:
    deploy(platform, "timeout-java", "Timeout.foo", "--timeout", "1")
    stuck = platform.kubeless("function", "call", "timeout-java", "--data", "forever", check=False)
    assert stuck.returncode != 0
    assert platform.kubeless("function", "call", "timeout-java", "--data", "x").stdout == "in time\n"


def test_java_that_does_not_compile_is_told_in_the_condition(platform: LocalPlatform) -> None:
    source = platform.folder / "Broken.java"
    source.write_text("package io.kubeless;\n\npublic class Broken {\n    int run() { return absent; }\n}\n")
    arguments = ("--runtime", "java17", "--handler", "Broken.run", "--from-file", str(source))
    platform.kubeless("function", "deploy", "broken-java", *arguments)

    def told() -> bool:
        shown = platform.kubeless("function", "describe", "broken-java", "-o", "json").stdout
        return "CompileFailed" in shown and "Broken.java:4: error: cannot find symbol" in shown

    eventually(told, within=60)
    platform.kubeless("function", "delete", "broken-java")


def test_a_jar_answers(platform: LocalPlatform, jar: str) -> None:
    deploy_jar(platform, "get-jvm", "io_ino_Handler.sayHello", jar)
    assert platform.kubeless("function", "call", "get-jvm").stdout == "Hello world!\n"


def test_a_jar_sees_its_data_and_cloudevents(platform: LocalPlatform, jar: str) -> None:
    deploy_jar(platform, "post-jvm", "io_ino_Handler.echo", jar)
    assert platform.kubeless("function", "call", "post-jvm", "--data", "text").stdout == "text\n"
    deploy_jar(platform, "events-jvm", "io_ino_Handler.cloudEvent", jar)
    assert send_event(platform, "events-jvm") == "greeting from /tests"


def test_a_stuck_jar_is_timed_out_and_lives_on(platform: LocalPlatform, jar: str) -> None:
    deploy_jar(platform, "timeout-jvm", "io_ino_Handler.timeout", jar, "--timeout", "1")
    assert platform.kubeless("function", "call", "timeout-jvm", "--data", "forever", check=False).returncode != 0
    assert platform.kubeless("function", "call", "timeout-jvm", "--data", "x").stdout == "in time\n"
