"""Autoscalers that go by calls, in clusters with the Prometheus operator and without."""

from typing import Any

from kubeless.api.resource import FUNCTIONS
from kubeless.controller.service import serve
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.client import KubeClient
from kubeless.kube.errors import NotFound
from kubeless.kube.resources import CRDS, HPAS, SERVICE_MONITORS
from support.controllerworld import SETTINGS, eventually, function_object, merge_patch, reason

NAMES = {"kind": "ServiceMonitor", "listKind": "ServiceMonitorList", "plural": "servicemonitors"}
ANYTHING = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
OPERATOR = {
    "apiVersion": CRDS.api_version,
    "kind": CRDS.kind,
    "metadata": {"name": SERVICE_MONITORS.qualified_name},
    "spec": {
        "group": SERVICE_MONITORS.group,
        "scope": "Namespaced",
        "names": {**NAMES, "singular": "servicemonitor"},
        "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": ANYTHING}}],
    },
}


def autoscaler(*metrics: JsonObject) -> JsonObject:
    target = {"apiVersion": "apps/v1beta1", "kind": "Deployment", "name": "echo"}
    return {"metadata": {"name": "echo"}, "spec": {"scaleTargetRef": target, "maxReplicas": 3, "metrics": [*metrics]}}


CALLS = {
    "type": "Object",
    "object": {"metricName": "function_calls", "target": {"kind": "Service", "name": "echo"}, "targetValue": "10"},
}
PROCESSOR = {"type": "Resource", "resource": {"name": "cpu", "targetAverageUtilization": 70}}


async def monitor_gone(client: KubeClient) -> bool:
    try:
        return not (await client.list(SERVICE_MONITORS)).items
    except NotFound:
        return True


async def test_calls_are_collected_once_the_operator_is_there_and_as_long_as_they_count(client: KubeClient) -> None:
    await client.create(FUNCTIONS, function_object(horizontalPodAutoscaler=autoscaler(CALLS)))
    async with serve(SETTINGS, client):
        await reason(client, "Progressing")
        assert (await client.get(HPAS, "echo"))["spec"]["metrics"][0]["object"]["describedObject"]["kind"] == "Service"
        await client.create(CRDS, OPERATOR)
        monitor = await eventually(lambda: client.get(SERVICE_MONITORS, "echo"))
        assert monitor["spec"]["selector"]["matchLabels"] == {"created-by": "kubeless", "function": "echo"}
        assert monitor["spec"]["endpoints"] == [{"port": "http-function-port", "path": "/metrics"}]
        assert monitor["metadata"]["labels"]["service-monitor"] == "function"

        await client.delete(SERVICE_MONITORS, "echo")
        again = await eventually(lambda: client.get(SERVICE_MONITORS, "echo"))
        assert again["metadata"]["uid"] != monitor["metadata"]["uid"]

        await merge_patch(client, FUNCTIONS, {"spec": {"horizontalPodAutoscaler": autoscaler(PROCESSOR)}})
        await eventually(lambda: monitor_gone(client))
        assert (await client.get(HPAS, "echo"))["spec"]["metrics"][0]["type"] == "Resource"


async def test_the_operator_may_go_and_come_back(client: KubeClient) -> None:
    async def undefined() -> bool:
        return not [item for item in (await client.list(CRDS)).items if item["metadata"]["name"] == name]

    name = SERVICE_MONITORS.qualified_name
    await client.create(CRDS, OPERATOR)
    await client.create(FUNCTIONS, function_object(horizontalPodAutoscaler=autoscaler(CALLS)))
    async with serve(SETTINGS, client):
        await eventually(lambda: client.get(SERVICE_MONITORS, "echo"))
        await client.delete(CRDS, name)
        await eventually(undefined)
        await merge_patch(client, FUNCTIONS, {"spec": {"runtime": "cobol"}})
        await reason(client, "UnknownRuntime")
        await merge_patch(client, FUNCTIONS, {"spec": {"runtime": "python3.11"}})
        await reason(client, "Progressing")
        await client.create(CRDS, OPERATOR)
        await eventually(lambda: client.get(SERVICE_MONITORS, "echo"))


async def test_a_monitor_of_somebody_else_is_left_alone_and_named(client: KubeClient) -> None:
    await client.create(CRDS, OPERATOR)
    metadata = {"name": "echo", "namespace": "default"}
    spec: dict[str, Any] = {"endpoints": []}
    foreign = {"apiVersion": SERVICE_MONITORS.api_version, "kind": "ServiceMonitor", "metadata": metadata, "spec": spec}
    await eventually(lambda: _made(client, foreign))
    await client.create(FUNCTIONS, function_object(horizontalPodAutoscaler=autoscaler(CALLS)))
    async with serve(SETTINGS, client):
        assert "servicemonitor object default/echo" in (await reason(client, "Conflict"))["message"]
    assert (await client.get(SERVICE_MONITORS, "echo"))["spec"] == spec


async def _made(client: KubeClient, obj: JsonObject) -> JsonObject:
    return await client.create(SERVICE_MONITORS, obj)
