"""What the controller writes is what an API server takes, keeps and gives back unchanged."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import aiohttp
import orjson
import pytest

from kubeless.api.function import parse_function
from kubeless.api.resource import CRONJOB_TRIGGERS, FUNCTIONS, HTTP_TRIGGERS, Resource
from kubeless.controller.config import parse_config
from kubeless.controller.desired.objects import desired_objects
from kubeless.controller.service import serve
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.client import KubeClient
from kubeless.kube.errors import NotFound
from kubeless.kube.resources import CONFIG_MAPS, DEPLOYMENTS, HPAS, INGRESSES, SERVICES
from support.controllerworld import SETTINGS, define_kinds, eventually, function_object, merge_patch, reason

PHASES = """[{ID: cob, depName: deps, fileNameSuffix: .cob, versions: [{version: "1",
  imagePullSecrets: [{imageSecret: p}],
  images: [
    {phase: installation, image: "i:1", command: fetch, secrets: [{name: team.index}]},
    {phase: compilation, image: "c:1", command: make, env: {LEVEL: "2"}},
    {phase: runtime, image: "r:1"}]}]}]"""

CONFIG = {
    "runtime-images": PHASES,
    "provision-image-secret": "pull",
    "deployment": "{spec: {template: {spec: {priorityClassName: '', containers: [{resources: {limits: {cpu: 1}}}]}}}}",
}


def autoscaler(*metrics: JsonObject) -> JsonObject:
    target = {"apiVersion": "apps/v1beta1", "kind": "Deployment", "name": "echo"}
    spec = {"scaleTargetRef": target, "minReplicas": 1, "maxReplicas": 3, "metrics": [*metrics]}
    return {"metadata": {"name": "echo", "creationTimestamp": None}, "spec": spec, "status": {"conditions": None}}


CPU = {"type": "Resource", "resource": {"name": "cpu", "targetAverageUtilization": 70}}
CALLS = {
    "type": "Object",
    "object": {"metricName": "function_calls", "target": {"kind": "Service", "name": "echo"}, "targetValue": "10"},
}
OUTSIDE = {
    "type": "External",
    "external": {
        "metricName": "calls",
        "metricSelector": {"matchLabels": {"function": "echo"}},
        "targetAverageValue": "500m",
    },
}
PODS_METRIC = {"type": "Pods", "pods": {"metricName": "calls", "targetAverageValue": "10"}}

WRITTEN_BY_THE_GO_CLI: JsonObject = {
    "checksum": "",
    "timeout": "180",
    "deployment": {
        "metadata": {"creationTimestamp": None},
        "spec": {
            "selector": None,
            "strategy": {},
            "template": {
                "metadata": {"creationTimestamp": None},
                "spec": {"containers": [{"name": "", "resources": {}, "imagePullPolicy": "Always"}]},
            },
        },
        "status": {},
    },
    "service": {
        "ports": [
            {"name": "http-function-port", "protocol": "TCP", "port": 8080, "targetPort": 8080, "nodePort": 0},
        ],
        "selector": {"created-by": "kubeless", "function": "echo", "tier": "web"},
        "type": "ClusterIP",
    },
    "horizontalPodAutoscaler": {
        "metadata": {"creationTimestamp": None},
        "spec": {"scaleTargetRef": {"kind": "", "name": ""}, "maxReplicas": 0},
        "status": {"conditions": None, "currentMetrics": None, "currentReplicas": 0, "desiredReplicas": 0},
    },
}

SPECS: dict[str, JsonObject] = {
    "smallest": {},
    "of the Go CLI": WRITTEN_BY_THE_GO_CLI,
    "all phases and their secrets": {"runtime": "cob1", "deps": "x"},
    "archive with dependencies": {"function-content-type": "base64+zip+deps", "function": "UEsFBgAAAA=="},
    "headless": {"service": {"clusterIP": "None", "ports": [{"name": "web", "port": 80}]}},
    "node port": {"service": {"type": "NodePort", "ports": [{"port": 80, "targetPort": 9000}]}},
    "image of its own": {
        "handler": "",
        "function": "",
        "runtime": "",
        "deployment": {"spec": {"template": {"spec": {"containers": [{"image": "mine:1"}]}}}},
    },
    "cpu": {"horizontalPodAutoscaler": autoscaler(CPU)},
    "calls": {"horizontalPodAutoscaler": autoscaler(CALLS, OUTSIDE, PODS_METRIC)},
    "quantities in other words": {
        "deployment": {
            "spec": {
                "template": {
                    "spec": {
                        "containers": [{"resources": {"limits": {"memory": "1024Mi", "cpu": "0.50"}}}],
                        "securityContext": {},
                    }
                }
            }
        }
    },
}


@pytest.fixture
async def cluster(client: KubeClient) -> KubeClient:
    """A client of a cluster that knows our kinds."""
    await define_kinds(client)
    return client


@asynccontextmanager
async def controller(client: KubeClient) -> AsyncIterator[aiohttp.ClientSession]:
    """The controller in the namespace of the test; yields a way to its admin port."""
    settings = replace(
        SETTINGS, kubeless_namespace=client.namespace, config_name="config", functions_namespaces=(client.namespace,)
    )
    async with (
        serve(settings, client) as running,
        aiohttp.ClientSession(f"http://127.0.0.1:{running.admin_port}") as web,
    ):
        yield web


async def configure(client: KubeClient) -> None:
    await client.create(CONFIG_MAPS, {"metadata": {"name": "config"}, "data": CONFIG})


def renamed(spec: JsonObject, name: str) -> JsonObject:
    """The spec of a function of another name; two cannot share an autoscaler."""
    text = orjson.dumps(spec).replace(b'"name":"echo"', b'"name":"%s"' % name.encode())
    changed: JsonObject = orjson.loads(text)
    return changed


def trigger(resource: Resource, name: str, **spec: Any) -> JsonObject:
    return {
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        "metadata": {"name": name},
        "spec": {"function-name": "echo", **spec},
    }


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
async def test_what_functions_become_passes_strict_validation(cluster: KubeClient, spec: JsonObject) -> None:
    made = await cluster.create(FUNCTIONS, function_object(**spec))
    desired = desired_objects(parse_function(made), parse_config(CONFIG))
    children = {
        CONFIG_MAPS: desired.config_map,
        SERVICES: desired.service,
        DEPLOYMENTS: desired.deployment,
        HPAS: desired.autoscaler,
    }
    for resource, child in children.items():
        if child is not None:
            await cluster.create(resource, child, dry_run=True, field_validation="Strict")


async def test_what_the_server_fills_in_is_no_reason_to_write_again(cluster: KubeClient) -> None:
    await configure(cluster)
    names = [f"echo{number}" for number in range(len(SPECS))]
    for name, spec in zip(names, SPECS.values(), strict=True):
        await cluster.create(FUNCTIONS, function_object(name, **renamed(spec, name)))
    await cluster.create(HTTP_TRIGGERS, trigger(HTTP_TRIGGERS, "web", **{"function-name": "echo0", "gateway": "nginx"}))
    async with controller(cluster):
        for name in names:
            await reason(cluster, "Progressing", name)
        await eventually(lambda: cluster.get(INGRESSES, "web"))
    async with controller(cluster) as web:
        await cluster.create(FUNCTIONS, function_object("last"))
        await reason(cluster, "Progressing", "last")
        async with web.get("/metrics") as answer:
            lines = [line for line in (await answer.text()).splitlines() if "requests_total{" in line]
    # Statuses follow what a controller manager does meanwhile; the objects stay, but for those of the last function.
    written = {line for line in lines if "functions" not in line and 'verb="get"' not in line}
    kinds = ("configmaps", "services", "deployments")
    assert written == {f'kubeless_controller_requests_total{{resource="{kind}",verb="create"}} 1.0' for kind in kinds}


async def test_what_the_go_controllers_left_is_taken_over_in_place(cluster: KubeClient) -> None:
    labels = {"created-by": "kubeless", "function": "echo"}
    old = function_object(**WRITTEN_BY_THE_GO_CLI)
    old["metadata"]["finalizers"] = ["kubeless.io/function"]
    made = await cluster.create(FUNCTIONS, old)
    owner = {"apiVersion": "kubeless.io/v1beta1", "kind": "Function", "name": "echo", "uid": made["metadata"]["uid"]}
    metadata = {"name": "echo", "labels": labels, "ownerReferences": [owner]}
    template = {
        "metadata": {"labels": labels},
        "spec": {
            "containers": [{"name": "echo", "image": "kubeless/python@sha256:0", "env": [{"name": "MOD_NAME"}]}],
            "initContainers": [{"name": "prepare", "image": "kubeless/unzip@sha256:0", "command": ["sh", "-c"]}],
        },
    }
    before = [
        await cluster.create(CONFIG_MAPS, {"metadata": metadata, "data": {"handler": "old.old"}}),
        await cluster.create(SERVICES, {"metadata": metadata, "spec": {"ports": [{"port": 8080}], "selector": labels}}),
        await cluster.create(
            DEPLOYMENTS, {"metadata": metadata, "spec": {"selector": {"matchLabels": labels}, "template": template}}
        ),
    ]
    async with controller(cluster):
        await reason(cluster, "Progressing")
        after = [await cluster.get(resource, "echo") for resource in (CONFIG_MAPS, SERVICES, DEPLOYMENTS)]
        assert [obj["metadata"]["uid"] for obj in after] == [obj["metadata"]["uid"] for obj in before]
        assert [len(obj["metadata"]["ownerReferences"]) for obj in after] == [1, 1, 1]
        config_map, service, deployment = after
        assert config_map["data"]["handler"] == "app.run"
        assert service["spec"]["clusterIP"] == before[1]["spec"]["clusterIP"]
        steps = deployment["spec"]["template"]["spec"]["initContainers"]
        assert [step["name"] for step in steps] == ["prepare"]
        assert "FUNC_SOURCE" in {variable["name"] for variable in steps[0]["env"]}

        await cluster.delete(FUNCTIONS, "echo")
        await eventually(lambda: gone(cluster, FUNCTIONS, "echo"))


async def test_a_function_becomes_headless_and_ceases_to(cluster: KubeClient) -> None:
    def headless(expected: bool) -> Any:
        async def ask() -> bool:
            service = await cluster.get(SERVICES, "echo")
            return bool((service["spec"].get("clusterIP") == "None") is expected)

        return eventually(ask)

    await cluster.create(FUNCTIONS, function_object())
    async with controller(cluster):
        await headless(False)
        await merge_patch(cluster, FUNCTIONS, {"spec": {"service": {"clusterIP": "None"}}})
        await headless(True)
        await merge_patch(cluster, FUNCTIONS, {"spec": {"service": {"clusterIP": None}}})
        await headless(False)


async def test_an_ingress_follows_its_trigger(cluster: KubeClient) -> None:
    def has(cors: bool) -> Any:
        async def ask() -> bool:
            annotations = (await cluster.get(INGRESSES, "web"))["metadata"]["annotations"]
            return ("nginx.ingress.kubernetes.io/enable-cors" in annotations) is cors

        return eventually(ask)

    spec = {"host-name": "a.example.com", "path": "v1", "gateway": "nginx", "cors-enable": True, "tls-secret": "cert"}
    await cluster.create(FUNCTIONS, function_object())
    await cluster.create(HTTP_TRIGGERS, trigger(HTTP_TRIGGERS, "web", **spec))
    async with controller(cluster):
        await has(True)
        await cluster.patch(HTTP_TRIGGERS, "web", {"spec": {"cors-enable": False, "host-name": "b.example.com"}})
        await has(False)
        ingress = await cluster.get(INGRESSES, "web")
        assert (ingress["spec"]["ingressClassName"], ingress["spec"]["rules"][0]["host"]) == ("nginx", "b.example.com")
        assert ingress["spec"]["tls"] == [{"hosts": ["b.example.com"], "secretName": "cert"}]
        await cluster.patch(HTTP_TRIGGERS, "web", {"spec": {"gateway": ""}})
        await eventually(lambda: gone(cluster, INGRESSES, "web"))


async def test_an_ingress_of_the_go_controller_is_taken_over_in_place(cluster: KubeClient) -> None:
    await cluster.create(FUNCTIONS, function_object())
    old = trigger(HTTP_TRIGGERS, "web", **{"host-name": "a.example.com", "gateway": "nginx"})
    old["metadata"]["finalizers"] = ["kubeless.io/httptrigger"]
    made = await cluster.create(HTTP_TRIGGERS, old)
    owner = {"apiVersion": "kubeless.io/v1beta1", "kind": "HTTPTrigger", "name": "web", "uid": made["metadata"]["uid"]}
    annotations = {
        "kubernetes.io/ingress.class": "nginx",
        "nginx.ingress.kubernetes.io/rewrite-target": "/",
        "nginx.ingress.kubernetes.io/enable-cors": "true",
        "nginx.ingress.kubernetes.io/limit-rps": "5",
    }
    backend = {"service": {"name": "echo", "port": {"number": 9000}}}
    path = {"path": "/", "pathType": "ImplementationSpecific", "backend": backend}
    before = await cluster.create(
        INGRESSES,
        {
            "metadata": {"name": "web", "annotations": annotations, "ownerReferences": [owner]},
            "spec": {"rules": [{"host": "a.example.com", "http": {"paths": [path]}}]},
        },
    )

    async def taken() -> JsonObject | None:
        ingress = await cluster.get(INGRESSES, "web")
        return ingress if ingress["spec"].get("ingressClassName") == "nginx" else None

    async with controller(cluster):
        after = await eventually(taken)
        assert after["metadata"]["uid"] == before["metadata"]["uid"]
        assert after["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["port"] == {"number": 8080}
        kept = {name for name in after["metadata"]["annotations"] if not name.startswith("kubeless.io/")}
        assert kept == {"nginx.ingress.kubernetes.io/rewrite-target", "nginx.ingress.kubernetes.io/limit-rps"}
        await cluster.delete(HTTP_TRIGGERS, "web")
        await eventually(lambda: gone(cluster, HTTP_TRIGGERS, "web"))


async def test_triggers_of_a_deleted_function_go_and_those_of_others_stay(cluster: KubeClient) -> None:
    await cluster.create(FUNCTIONS, function_object())
    await cluster.create(HTTP_TRIGGERS, trigger(HTTP_TRIGGERS, "web", **{"host-name": "a.example.com"}))
    await cluster.create(CRONJOB_TRIGGERS, trigger(CRONJOB_TRIGGERS, "tick", schedule="@daily"))
    await cluster.create(HTTP_TRIGGERS, trigger(HTTP_TRIGGERS, "other", **{"function-name": "later"}))

    def bound(resource: Resource, name: str) -> Any:
        async def ask() -> bool:
            return "boundFunction" in (await cluster.get(resource, name)).get("status", {})

        return eventually(ask)

    async with controller(cluster):
        await bound(HTTP_TRIGGERS, "web")
        await bound(CRONJOB_TRIGGERS, "tick")
        await cluster.delete(FUNCTIONS, "echo")
        await eventually(lambda: gone(cluster, HTTP_TRIGGERS, "web"))
        await eventually(lambda: gone(cluster, CRONJOB_TRIGGERS, "tick"))
        await cluster.get(HTTP_TRIGGERS, "other")


async def gone(client: KubeClient, resource: Resource, name: str) -> bool:
    try:
        await client.get(resource, name)
    except NotFound:
        return True
    return False
