"""Requests go on while functions are updated, scaled and ended: none of them fails."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from support.localplatform import LocalPlatform, deploy, eventually
from support.steadyload import SteadyLoad

REQUESTS = 10_000
CODE = "def run(event, context):\n    return {answer!r}\n"


def pods(platform: LocalPlatform, function: str) -> list[int]:
    """The processes that the pods of a function have as their first: the servers, not the runners that watch them."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            environment = (process / "environ").read_bytes().split(b"\0")
            parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
            command = (process / "cmdline").read_bytes()
        except (OSError, IndexError):
            continue
        ours = any(str(platform.folder).encode() in variable for variable in environment)
        if (
            ours
            and f"MOD_NAME={function}".encode() in environment
            and b"kubeless_runtime" in command
            and b"runner.py" not in command
        ):
            found.append((int(process.name), parent))
    servers = {pid for pid, _ in found}
    return [pid for pid, parent in found if parent not in servers]


def update(platform: LocalPlatform) -> None:
    """The code changes three times."""
    for answer in ("two", "three", "four"):
        deploy(platform, "rolled", CODE.format(answer=answer), verb="update")


def scale(platform: LocalPlatform) -> None:
    """To more pods and back, twice."""
    for replicas in (4, 1, 3, 2):
        platform.kubectl("scale", "deployment/rolled", f"--replicas={replicas}")
        platform.kubectl("rollout", "status", "deployment/rolled", "--timeout=60s")


def terminate(platform: LocalPlatform) -> None:
    """The server of one of two pods gets SIGTERM from nobody knows where; it is started again."""
    for _ in range(3):
        first, _ = before = eventually_two(platform)
        os.kill(first, signal.SIGTERM)
        eventually(lambda before=before: set(eventually_two(platform)) != set(before))  # type: ignore[misc]


def eventually_two(platform: LocalPlatform) -> list[int]:
    eventually(lambda: len(pods(platform, "rolled")) == 2, within=60)
    ready = "jsonpath={.status.readyReplicas}"
    eventually(lambda: platform.kubectl("get", "deployment/rolled", "-o", ready).stdout == "2", within=60)
    return pods(platform, "rolled")


@pytest.mark.parametrize("change", [update, scale, terminate], ids=lambda change: change.__name__)
def test_no_request_fails_across_a_change_of_the_function(
    platform: LocalPlatform, change: Callable[[LocalPlatform], None]
) -> None:
    deploy(platform, "rolled", CODE.format(answer="one"))
    platform.kubectl("scale", "deployment/rolled", "--replicas=2")
    platform.kubectl("rollout", "status", "deployment/rolled", "--timeout=60s")
    load = SteadyLoad(platform.status["addresses"]["gateway"], "/default/rolled")
    with load.running():
        eventually(lambda: load.total > 100)
        change(platform)
        eventually(lambda: load.total >= REQUESTS, within=60)
    assert dict(load.answers) == {"200": load.total}
    if change is update:
        assert {b"one", b"four"} <= set(load.bodies)
    platform.kubeless("function", "delete", "rolled")
