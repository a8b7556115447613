"""Autoscalers act: on processor time, on calls, and back, and say what they do."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from kubeless.core.jsontypes import JsonObject
from kubeless.kube.resources import DEPLOYMENTS, EVENTS, HPAS

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="usage is measured in /proc")

FOLLOWER = """
import pathlib, threading, time
level = pathlib.Path({level!r})
def burn():
    while True:
        if level.read_text() != "0":
            for _ in range(100_000): pass
        else:
            time.sleep(0.05)
threading.Thread(target=burn, daemon=True).start()
calls, asked = 0.0, time.monotonic()
def run(path):
    global calls, asked
    now = time.monotonic()
    calls, asked = calls + (now - asked) * float(level.read_text()), now
    return 200, 'function_calls_total{{method="GET"}} %f' % calls
"""

CPU: JsonObject = {
    "type": "Resource",
    "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}},
}
CALLS: JsonObject = {
    "type": "Object",
    "object": {
        "describedObject": {"apiVersion": "v1", "kind": "Service", "name": "worker"},
        "metric": {"name": "function_calls"},
        "target": {"type": "AverageValue", "averageValue": "10"},
    },
}
REQUESTS: JsonObject = {"spec": {"template": {"spec": {"containers": [{"resources": {"requests": {"cpu": "100m"}}}]}}}}


@pytest.fixture
async def quick(machine: Any) -> AsyncIterator[Any]:
    """A cluster whose autoscaler looks often."""
    machine.options["autoscale_period"] = 0.2
    async with machine.start() as running:
        yield running


def autoscaler(metric: JsonObject, **more: Any) -> JsonObject:
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "worker", "namespace": "default"},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "worker"},
            "minReplicas": 1,
            "maxReplicas": 3,
            "metrics": [metric],
            "behavior": {"scaleDown": {"stabilizationWindowSeconds": 0}},
            **more,
        },
    }


async def status(cluster: Any) -> JsonObject:
    found: JsonObject = (await cluster.client.get(HPAS, "worker", namespace="default")).get("status") or {}
    return found


def conditions(status: JsonObject) -> dict[str, tuple[str, str]]:
    return {each["type"]: (each["status"], each["reason"]) for each in status.get("conditions") or []}


@pytest.mark.parametrize(("metric", "high"), [(CPU, "1"), (CALLS, "25")], ids=["cpu", "calls"])
async def test_a_function_is_scaled_out_under_load_and_back(
    quick: Any, tmp_path: Path, metric: JsonObject, high: str
) -> None:
    level = tmp_path / "level"
    level.write_text("0")
    await quick.deploy("worker", FOLLOWER.format(level=str(level)), deployment=REQUESTS)
    await quick.ready("worker")
    await quick.apply(HPAS, autoscaler(metric))

    async def active() -> bool:
        return conditions(await status(quick)).get("ScalingActive") == ("True", "ValidMetricFound")

    await quick.eventually(active)
    level.write_text(high)
    await quick.ready("worker", replicas=3)

    async def told() -> JsonObject | None:
        found = await status(quick)
        return found if found.get("currentReplicas") == 3 else None

    found = await quick.eventually(told)
    assert found["desiredReplicas"] == 3
    assert found["lastScaleTime"]
    key = "resource" if metric is CPU else "object"
    assert found["currentMetrics"][0][key]["current"]["averageValue"]
    level.write_text("0")

    async def back() -> bool:
        deployment = await quick.client.get(DEPLOYMENTS, "worker", namespace="default")
        return bool(deployment["spec"]["replicas"] == 1)

    await quick.eventually(back)

    async def messages() -> list[str]:
        events = await quick.client.list(EVENTS, namespace="default")
        found = [event["message"] for event in events.items if event["reason"] == "SuccessfulRescale"]
        return found if any("All metrics below target" in text for text in found) else []

    assert any("above target" in text for text in await quick.eventually(messages))


@pytest.mark.parametrize(
    ("change", "kind", "expected", "text"),
    [
        ({"metrics": [CPU]}, "ScalingActive", ("False", "FailedGetResourceMetric"), "missing request in Pod worker-"),
        (
            {"metrics": [{"type": "External", "external": {"metric": {"name": "rain"}, "target": {"value": "1"}}}]},
            "ScalingActive",
            ("False", "FailedGetExternalMetric"),
            "local mode has no metric 'rain'",
        ),
        (
            {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "nobody"}},
            "AbleToScale",
            ("False", "FailedGetScale"),
            '"nobody" not found',
        ),
        (
            {"scaleTargetRef": {"apiVersion": "v1", "kind": "Service", "name": "worker"}},
            "AbleToScale",
            ("False", "FailedGetScale"),
            "cannot be scaled",
        ),
    ],
)
async def test_what_keeps_an_autoscaler_from_scaling_is_told(
    quick: Any, change: JsonObject, kind: str, expected: tuple[str, str], text: str
) -> None:
    await quick.deploy("worker", "def run(path):\n    return 200, ''\n")
    await quick.ready("worker")
    await quick.apply(HPAS, autoscaler(CPU, **change))

    async def told() -> bool:
        return conditions(await status(quick)).get(kind) == expected and text in str(await status(quick))

    await quick.eventually(told)
