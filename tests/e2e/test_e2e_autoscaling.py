"""Load makes functions more, its end makes them fewer; limits of memory are kept, and `kubectl top` shows figures."""

import contextlib
import json
import sys
import threading
from collections.abc import Iterator
from urllib.error import URLError

import pytest

from support.localplatform import LocalPlatform, deploy, eventually

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="usage is measured in /proc")

BURNER = """
import time

def run(event, context):
    until = time.process_time() + 0.05
    while time.process_time() < until:
        pass
    return "warm"
"""

HOG = """
kept = []

def run(event, context):
    kept.append(bytearray(400 << 20))
    return "kept"
"""

AT_ONCE = {
    "spec": {"horizontalPodAutoscaler": {"spec": {"behavior": {"scaleDown": {"stabilizationWindowSeconds": 0}}}}}
}


@contextlib.contextmanager
def calls(platform: LocalPlatform, function: str, *, pause: float) -> Iterator[None]:
    """Call a function again and again while entered."""
    done = threading.Event()

    def call() -> None:
        while not done.wait(pause):
            # A pod that leaves may cut one off; it is load alone that counts.
            with contextlib.suppress(URLError, OSError):
                platform.http("GET", f"/default/{function}")

    caller = threading.Thread(target=call)
    caller.start()
    try:
        yield
    finally:
        done.set()
        caller.join()


def scale(platform: LocalPlatform, function: str, *rule: str) -> None:
    platform.kubeless("autoscale", "create", function, "--min", "1", "--max", "2", *rule)
    platform.kubectl("patch", f"function/{function}", "--type=merge", "-p", json.dumps(AT_ONCE))


def replicas(platform: LocalPlatform, function: str) -> str:
    return platform.kubectl("get", f"deployment/{function}", "-o", "jsonpath={.spec.replicas}").stdout


def autoscaler(platform: LocalPlatform, function: str) -> str:
    return platform.kubectl("describe", f"hpa/{function}").stdout


def test_an_autoscaler_brings_a_function_to_its_minimum_of_three(platform: LocalPlatform) -> None:
    deploy(platform, "get-python", "def run(event, context):\n    return 'hello'\n")
    platform.kubeless("autoscale", "create", "get-python", "--value", "10", "--min", "3", "--max", "3")
    assert "get-python" in platform.kubeless("autoscale", "list").stdout
    path = "jsonpath={.metadata.name}:{.spec.minReplicas}:{.spec.maxReplicas}"
    eventually(lambda: platform.kubectl("get", "hpa/get-python", "-o", path, check=False).stdout == "get-python:3:3")
    ready = ("get", "deployment/get-python", "-o", "jsonpath={.status.readyReplicas}")
    eventually(lambda: platform.kubectl(*ready).stdout == "3", within=120)
    platform.kubeless("autoscale", "delete", "get-python")
    eventually(lambda: platform.kubectl("get", "hpa/get-python", check=False).returncode != 0)


def test_functions_are_scaled_out_by_cpu_and_by_calls_and_back(platform: LocalPlatform) -> None:
    deploy(platform, "burner", BURNER, "--cpu", "100m")
    deploy(platform, "asked", "def run(event, context):\n    return 'here'\n")
    scale(platform, "burner", "--metric", "cpu", "--value", "50")
    scale(platform, "asked", "--metric", "qps", "--value", "2")
    with calls(platform, "burner", pause=0.01), calls(platform, "asked", pause=0.05):
        for function in ("burner", "asked"):
            eventually(lambda function=function: replicas(platform, function) == "2", within=90)  # type: ignore[misc]
        top = platform.kubectl("top", "pods", "--no-headers").stdout
        assert any(line.startswith("burner-") and line.split()[1] != "0m" for line in top.splitlines())
    for function in ("burner", "asked"):
        eventually(lambda function=function: replicas(platform, function) == "1", within=120)  # type: ignore[misc]
    assert "above target" in autoscaler(platform, "burner")
    assert "New size: 1; reason: All metrics below target" in autoscaler(platform, "asked")
    assert "ValidMetricFound" in autoscaler(platform, "asked")
    assert platform.kubectl("top", "nodes", "--no-headers").stdout.split()[0] == "local"
    assert "asked" in platform.kubeless("function", "top").stdout


def test_a_function_beyond_its_memory_is_killed_and_explained(platform: LocalPlatform) -> None:
    deploy(platform, "hog", HOG, "--memory", "128Mi")
    with contextlib.suppress(URLError, OSError):
        platform.http("GET", "/default/hog")

    def last_state() -> str:
        path = "jsonpath={.items[0].status.containerStatuses[0].lastState.terminated.reason}"
        return platform.kubectl("get", "pods", "-l", "function=hog", "-o", path).stdout

    eventually(lambda: last_state() == "OOMKilled")

    def explained() -> bool:
        text = platform.kubeless("explain", "function/hog").stdout
        return "OutOfMemory: " in text and "-> kubeless function update hog --memory" in text

    # Killed again and again, it is down for longer and longer.
    with calls(platform, "hog", pause=0.2):
        eventually(explained)
