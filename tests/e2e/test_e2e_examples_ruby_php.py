"""The Ruby and PHP examples, deployed as their readers deploy them."""

import socket
import urllib.error
import urllib.request
from pathlib import Path
from typing import NamedTuple

import pytest

from support.localplatform import LocalPlatform, eventually

EXAMPLES = Path(__file__).parents[2] / "examples"


class Tongue(NamedTuple):
    """A language, as its examples are deployed."""

    name: str
    runtime: str
    suffix: str
    data_handler: str
    dependencies: str
    packages_from: str


TONGUES = (
    Tongue("ruby", "ruby3.1", ".rb", "handler", "Gemfile", "rubygems.org"),
    Tongue("php", "php8.2", ".php", "foo", "composer.json", "repo.packagist.org"),
)
tongues = pytest.mark.parametrize("tongue", TONGUES, ids=[tongue.name for tongue in TONGUES])


def deploy(platform: LocalPlatform, tongue: Tongue, handler: str, *more: str) -> str:
    """Deploy the example that the handler names, and wait until it is ready; the name of the function."""
    example = handler.partition(".")[0]
    name = f"{example}-{tongue.name}"
    source = str(EXAMPLES / tongue.name / f"{example}{tongue.suffix}")
    arguments = ("--runtime", tongue.runtime, "--handler", handler, "--from-file", source, "--wait", *more)
    done = platform.kubeless("function", "deploy", name, *arguments, check=False)
    if "RuntimeNotAvailable" in done.stderr:
        pytest.skip(done.stderr)
    assert done.returncode == 0, done.stderr
    return name


@tongues
def test_a_function_answers(platform: LocalPlatform, tongue: Tongue) -> None:
    name = deploy(platform, tongue, "helloget.foo")
    assert platform.kubeless("function", "call", name).stdout == "hello world!\n"


@tongues
def test_a_function_sees_its_data_and_where_it_comes_from(platform: LocalPlatform, tongue: Tongue) -> None:
    name = deploy(platform, tongue, f"hellowithdata.{tongue.data_handler}")
    assert platform.kubeless("function", "call", name, "--data", '{"it-s":"alive"}').stdout == '{"it-s":"alive"}\n'
    eventually(lambda: "cli.kubeless.io" in platform.kubeless("function", "logs", name).stdout)


@tongues
def test_a_function_uses_its_dependencies(platform: LocalPlatform, tongue: Tongue) -> None:
    try:
        socket.create_connection((tongue.packages_from, 443), timeout=5).close()
    except OSError as error:
        pytest.skip(f"{tongue.packages_from} cannot be reached: {error}")
    dependencies = str(EXAMPLES / tongue.name / tongue.dependencies)
    name = deploy(platform, tongue, "hellowithdeps.foo", "--dependencies", dependencies)
    assert platform.kubeless("function", "call", name).stdout == "hello world!\n"


@tongues
def test_a_function_takes_cloudevents(platform: LocalPlatform, tongue: Tongue) -> None:
    name = deploy(platform, tongue, "cloudevent.handler")
    sent = {"ce-specversion": "1.0", "ce-id": "1", "ce-type": "greeting", "ce-source": "/tests"}
    url = f"{platform.status['addresses']['gateway']}/default/{name}"
    with urllib.request.urlopen(urllib.request.Request(url, data=b"hi", headers=sent), timeout=10) as answer:
        assert answer.read() == b"greeting from /tests: hi"


@tongues
def test_a_function_chooses_status_and_headers(platform: LocalPlatform, tongue: Tongue) -> None:
    name = deploy(platform, tongue, "teapot.foo")
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(f"{platform.status['addresses']['gateway']}/default/{name}", timeout=10)
    assert (caught.value.code, caught.value.headers["X-Asked-For"][:1]) == (418, "/")
    assert caught.value.read() == b"short and stout"


@tongues
def test_a_stuck_function_is_timed_out_and_lives_on(platform: LocalPlatform, tongue: Tongue) -> None:
    name = deploy(platform, tongue, "timeout.foo", "--timeout", "1")
    stuck = platform.kubeless("function", "call", name, "--data", "forever", check=False)
    assert stuck.returncode != 0
    assert platform.kubeless("function", "call", name, "--data", "x").stdout == "in time\n"
