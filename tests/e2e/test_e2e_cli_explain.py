"""Ten broken set-ups, made as people make them; `kubeless explain` names the cause of each and what mends it."""

import json
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from support.certificates import CertificateAuthority
from support.localplatform import LocalPlatform, eventually

ECHO = "def run(event, context):\n    return event['data']\n"


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalPlatform]:
    """A platform whose NATS is at an address where nobody listens, with a function that works."""
    local = LocalPlatform(tmp_path_factory.mktemp("broken"))
    local.up("--nats-url", "nats://127.0.0.1:1")
    write(local, "echo.py", ECHO)
    deploy(local, "bill", "echo.py", "echo.run", "--wait")
    yield local
    local.down()


def write(platform: LocalPlatform, file: str, text: str) -> None:
    (platform.folder / file).write_text(text)


def deploy(platform: LocalPlatform, name: str, file: str, handler: str, *more: str) -> None:
    settings = ("--runtime", "python3.11", "--handler", handler, "--from-file", file)
    platform.kubeless("function", "deploy", name, *settings, *more)


def trigger(platform: LocalPlatform, kind: str, name: str, *settings: str) -> None:
    platform.kubeless("trigger", kind, "create", name, *settings)


def for_bill(topic: str) -> tuple[str, ...]:
    return ("--function-selector", "created-by=kubeless,function=bill", "--trigger-topic", topic)


def assert_explained(platform: LocalPlatform, subject: str, cause: str, remedy: str, *, within: float = 30) -> None:
    """The one cause, and a command that mends it."""

    def troubles() -> list[dict[str, Any]]:
        told = json.loads(platform.kubeless("explain", subject, "-o", "json").stdout)
        return [link for link in told["links"] if link["state"] == "wrong"]

    eventually(lambda: [each["cause"] for each in troubles()] == [cause], within=within)
    text = platform.kubeless("explain", subject).stdout
    assert f"  {cause}: " in text
    assert f"    -> {remedy}" in text
    assert " does not work." in text.splitlines()[0]


def test_what_works_is_said_to_work(broken: LocalPlatform) -> None:
    assert broken.kubeless("explain", "function/bill").stdout.startswith("function bill works.\n")


def test_unknown_runtime(broken: LocalPlatform) -> None:
    spec = {"runtime": "pyton3.11", "handler": "a.b", "function": "x"}
    function = {"apiVersion": "kubeless.io/v1beta1", "kind": "Function", "metadata": {"name": "typo"}, "spec": spec}
    broken.kubectl("apply", "-f", "-", stdin=json.dumps(function))
    assert_explained(broken, "function/typo", "UnknownRuntime", "kubeless function update typo --runtime python3.11")


def test_import_error(broken: LocalPlatform) -> None:
    write(broken, "needy.py", "import no_such_module\n\n\ndef run(event, context):\n    return ''\n")
    deploy(broken, "needy", "needy.py", "needy.run")
    assert_explained(broken, "function/needy", "ImportError", "kubeless function update needy --dependencies <file>")


def test_crash_loop(broken: LocalPlatform) -> None:
    write(broken, "dying.py", "import os\n\nos._exit(3)\n")
    deploy(broken, "dying", "dying.py", "dying.run")
    assert_explained(broken, "function/dying", "CrashLoopBackOff", "kubeless function logs dying")


def test_wrong_selector(broken: LocalPlatform) -> None:
    trigger(broken, "kafka", "nobody", "--function-selector", "function=bil", "--trigger-topic", "orders")
    remedy = "kubeless trigger kafka update nobody --function-selector function="
    assert_explained(broken, "kafka/nobody", "WrongSelector", remedy)


def test_missing_topic(broken: LocalPlatform) -> None:
    trigger(broken, "kafka", "missing", *for_bill("no-such-topic"))
    assert_explained(broken, "kafka/missing", "TopicNotFound", "kubeless topic create no-such-topic")
    broken.kubeless("topic", "create", "no-such-topic")
    eventually(lambda: broken.kubeless("explain", "kafka/missing").stdout.startswith("kafka trigger missing works."))


def test_broker_away(broken: LocalPlatform) -> None:
    trigger(broken, "nats", "away", *for_bill("orders"))
    assert_explained(broken, "nats/away", "BrokerAway", "start the broker, or correct NATS_URL")


def test_no_endpoints(broken: LocalPlatform) -> None:
    deploy(broken, "unreached", "echo.py", "echo.run", "--wait")
    service = {"spec": {"service": {"selector": {"function": "another"}}}}
    broken.kubectl("patch", "function/unreached", "--type=merge", "-p", json.dumps(service))
    assert_explained(broken, "function/unreached", "NoEndpoints", "kubectl edit function unreached")


def test_route_conflict(broken: LocalPlatform) -> None:
    route = ("--function-name", "bill", "--hostname", "shop.example", "--path", "pay")
    trigger(broken, "http", "first", *route)
    eventually(lambda: broken.kubeless("explain", "http/first").stdout.startswith("http trigger first works."))
    trigger(broken, "http", "second", *route)
    assert_explained(broken, "http/second", "RouteConflict", "kubeless trigger http update second --path <other>")


def test_expired_certificate(broken: LocalPlatform) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not on PATH")
    made = CertificateAuthority(broken.folder).sign("old.example", days=-1)
    pair = ("--cert", str(made.certificate), "--key", str(made.key))
    broken.kubectl("create", "secret", "tls", "old", *pair)
    trigger(broken, "http", "old", "--function-name", "bill", "--hostname", "old.example", "--tls-secret", "old")
    assert_explained(broken, "http/old", "CertificateExpired", "kubectl create secret tls old --cert=<file>")


def test_suspended(broken: LocalPlatform) -> None:
    trigger(broken, "cronjob", "paused", "--function", "bill", "--schedule", "@daily")
    broken.kubeless("trigger", "cronjob", "suspend", "paused")
    assert_explained(broken, "cronjob/paused", "Suspended", "kubeless trigger cronjob resume paused")
