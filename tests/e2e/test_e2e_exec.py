"""`kubectl exec` into functions of the local platform."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator

import pytest

from support.localplatform import LocalPlatform, deploy, eventually

HELLO = "def run(event, context):\n    return 'hello'\n"


def pod_of(platform: LocalPlatform, function: str) -> str:
    """The function's pod, once it is the only one and ready."""

    def pods() -> list[str]:
        path = "jsonpath={range .items[*]}{.metadata.name} {.status.containerStatuses[0].ready}\n{end}"
        return platform.kubectl("get", "pods", "-l", f"function={function}", "-o", path).stdout.splitlines()

    eventually(lambda: [line.endswith(" true") for line in pods()] == [True], within=90)
    return pods()[0].split()[0]


@pytest.fixture(autouse=True)
def _kubectl_speaks_websocket(platform: LocalPlatform) -> None:
    if '"minor": "2' in platform.kubectl("version", "--client", "-o", "json").stdout:
        pytest.skip("this kubectl is older than 1.30 and speaks SPDY only")


def test_a_mounted_secret_is_looked_at(platform: LocalPlatform) -> None:
    platform.kubectl("create", "secret", "generic", "test-secret", "--from-literal=key=MY_KEY")
    deploy(platform, "get-python-secrets", HELLO, "--secrets", "test-secret")
    pod = pod_of(platform, "get-python-secrets")
    assert "MY_KEY" in platform.kubectl("exec", pod, "--", "cat", "/test-secret/key").stdout
    both = platform.kubectl("exec", pod, "--", "sh", "-c", "ls /test-secret; pwd; echo no >&2; exit 3", check=False)
    assert both.stdout.splitlines()[0] == "key"
    assert str(platform.folder) in both.stdout
    assert "no\n" in both.stderr
    assert both.returncode == 3


def test_updated_dependencies_are_listed(platform: LocalPlatform) -> None:
    (platform.folder / "first.txt").write_text("six==1.16.0\n")
    (platform.folder / "more.txt").write_text("six==1.16.0\ntoolz==0.12.0\n")
    deploy(platform, "get-python-deps", HELLO, "--dependencies", "first.txt")
    platform.kubeless("function", "update", "get-python-deps", "--dependencies", "more.txt", "--wait")
    listed = platform.kubectl("exec", pod_of(platform, "get-python-deps"), "--", "pip", "freeze").stdout
    assert "toolz==0.12.0" in listed


def test_input_is_passed_on_and_commands_that_cannot_start_say_so(platform: LocalPlatform) -> None:
    deploy(platform, "spoken", HELLO)
    pod = pod_of(platform, "spoken")
    much = "line of text\n" * 50_000
    assert platform.kubectl("exec", "-i", pod, "--", "cat", stdin=much).stdout == much
    missing = platform.kubectl("exec", pod, "--", "no-such-program", check=False)
    assert missing.returncode == 127
    assert "cannot start no-such-program" in missing.stderr
    assert "not valid for pod" in platform.kubectl("exec", pod, "-c", "other", "--", "ls", check=False).stderr


def test_a_terminal_is_one(platform: LocalPlatform) -> None:
    deploy(platform, "typed", HELLO)
    script = shutil.which("script")
    if script is None:
        pytest.skip("script is not on PATH")
    kubeconfig = platform.folder / ".kubeless" / "kubeconfig"
    command = f"kubectl --kubeconfig {kubeconfig} exec -it {pod_of(platform, 'typed')} -- sh -c 'test -t 0 && tty'"
    shown = subprocess.run(
        [script, "-qec", command, os.devnull], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=90
    )
    assert shown.returncode == 0, shown.stdout
    assert "/dev/" in shown.stdout


def test_a_command_ends_with_its_client_and_with_its_pod(platform: LocalPlatform) -> None:
    deploy(platform, "watched", HELLO)
    pod = pod_of(platform, "watched")
    kubeconfig = str(platform.folder / ".kubeless" / "kubeconfig")

    @contextlib.contextmanager
    def sleeping() -> Iterator[subprocess.Popen[bytes]]:
        arguments = ("exec", pod, "--", "sleep", "986")
        with subprocess.Popen(["kubectl", "--kubeconfig", kubeconfig, *arguments]) as begun:
            try:
                eventually(lambda: len(sleepers()) == 1)
                yield begun
            finally:
                begun.kill()

    def sleepers() -> list[str]:
        return [line for line in platform.processes() if line.startswith("sleep 986")]

    with sleeping():
        pass
    eventually(lambda: not sleepers())
    with sleeping() as client:
        platform.kubeless("function", "delete", "watched")
        assert client.wait(timeout=90) == 137
    eventually(lambda: not sleepers())
