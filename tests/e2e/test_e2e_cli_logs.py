"""`kubeless function logs`: of one pod and of many, from the end, since a while ago, and as they come."""

import signal
import subprocess
import sys
import time

import pytest

from support.localplatform import LocalPlatform, deploy, eventually

SPEAK = "def run(event, context):\n    print('said', event['data'].decode(), flush=True)\n    return ''\n"


@pytest.fixture(scope="module", autouse=True)
def speaker(platform: LocalPlatform) -> None:
    """A function that has said two words."""
    deploy(platform, "loud", SPEAK)
    for word in ("one", "two"):
        platform.kubeless("function", "call", "loud", "--data", word)
    eventually(lambda: "said two" in logs(platform))


def logs(platform: LocalPlatform, *flags: str) -> str:
    return platform.kubeless("function", "logs", "loud", *flags).stdout


def test_the_end_of_a_log(platform: LocalPlatform) -> None:
    lines = logs(platform).splitlines()
    assert logs(platform, "--tail", "2").splitlines() == lines[-2:]
    assert logs(platform, "--tail", "0") == ""


def test_what_is_younger(platform: LocalPlatform) -> None:
    assert "said one" in logs(platform, "--since", "1h")
    started = time.monotonic()
    eventually(lambda: "said one" not in logs(platform, "--since", "1s"))
    assert time.monotonic() - started < 20


def test_a_log_is_followed_until_ctrl_c(platform: LocalPlatform) -> None:
    command = [sys.executable, "-m", "kubeless.cli.main", "function", "logs", "loud", "-f", "--tail", "0"]
    shown = platform.folder / "followed.txt"
    with shown.open("w") as file:
        following = subprocess.Popen(command, cwd=platform.folder, env=platform.environment, stdout=file)

    def heard() -> bool:
        platform.kubeless("function", "call", "loud", "--data", "three")
        return "said three" in shown.read_text()

    try:
        eventually(heard)
    finally:
        following.send_signal(signal.SIGINT)
        code = following.wait(timeout=10)
    assert code == 130
    assert "said one" not in shown.read_text()


def test_lines_of_several_pods_begin_with_the_name_of_theirs(platform: LocalPlatform) -> None:
    platform.kubectl("scale", "deployment/loud", "--replicas=2")
    platform.kubectl("rollout", "status", "deployment/loud", "--timeout=30s")
    named = platform.kubectl("get", "pods", "-l", "function=loud", "-o", "jsonpath={.items[*].metadata.name}")
    pods = named.stdout.split()
    assert len(pods) == 2
    lines = logs(platform).splitlines()
    assert lines
    assert all(line.startswith((f"[{pods[0]}] ", f"[{pods[1]}] ")) for line in lines)
