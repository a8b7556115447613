"""Manifests of old apply unchanged under strict validation, and mistakes are refused where a person sees it at once."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from kubeless.api.crds import custom_resource_definitions
from kubeless.api.resource import (
    CRONJOB_TRIGGERS,
    FUNCTIONS,
    HTTP_TRIGGERS,
    KAFKA_TRIGGERS,
    NATS_TRIGGERS,
    Resource,
)
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.client import KubeClient
from kubeless.kube.errors import Invalid
from kubeless.kube.resources import CRDS
from kubeless.local.apiserver.server import ApiServer


@pytest.fixture
async def client() -> AsyncIterator[KubeClient]:
    """A client of an API server that knows our kinds."""
    async with ApiServer() as server, await KubeClient.anonymous(server.url) as client:
        for definition in custom_resource_definitions():
            await client.create(CRDS, definition)
        yield client


def manifest(resource: Resource, spec: JsonObject, **metadata: Any) -> JsonObject:
    return {
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        "metadata": {"name": "echo", "creationTimestamp": None, **metadata},
        "spec": spec,
    }


WRITTEN_BY_GO = {
    "handler": "echo.run",
    "function": "def run(event, context): pass",
    "function-content-type": "text",
    "checksum": "",
    "runtime": "python3.8",
    "timeout": "180",
    "deps": "",
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
        "ports": [{"name": "http-function-port", "protocol": "TCP", "port": 8080, "targetPort": 8080, "nodePort": 0}],
        "selector": {"created-by": "kubeless", "function": "echo"},
        "type": "ClusterIP",
    },
    "horizontalPodAutoscaler": {
        "metadata": {"creationTimestamp": None},
        "spec": {"scaleTargetRef": {"kind": "", "name": ""}, "maxReplicas": 0},
        "status": {"currentReplicas": 0, "desiredReplicas": 0, "currentMetrics": None, "conditions": None},
    },
}

HTTP_BY_GO = {
    "function-name": "echo",
    "host-name": "echo.example.com",
    "path": "",
    "tls": False,
    "tls-secret": "",
    "basic-auth-secret": "",
    "gateway": "nginx",
    "cors-enable": False,
}

TOPIC = {"topic": "orders", "functionSelector": {"matchLabels": {"function": "echo"}}}


@pytest.mark.parametrize(
    ("resource", "spec"),
    [
        (FUNCTIONS, WRITTEN_BY_GO),
        (FUNCTIONS, {**WRITTEN_BY_GO, "handler": "", "function": "", "timeout": "", "deployment": None}),
        (FUNCTIONS, {**WRITTEN_BY_GO, "timeout": 180, "replicas": 2}),
        (HTTP_TRIGGERS, HTTP_BY_GO),
        (HTTP_TRIGGERS, {"function-name": "", "functionSelector": {"matchLabels": {"tier": "web"}}}),
        (CRONJOB_TRIGGERS, {"schedule": "* * * * *", "function-name": "echo", "payload": None}),
        (CRONJOB_TRIGGERS, {"schedule": "@every 10s", "function-name": "echo", "payload": [1, {"a": None}]}),
        (KAFKA_TRIGGERS, TOPIC),
        (
            KAFKA_TRIGGERS,
            {**TOPIC, "startFrom": "2025-01-31T09:00:00Z", "delivery": {"order": "key", "concurrency": 8}},
        ),
        (NATS_TRIGGERS, {**TOPIC, "topic": "orders.*", "stream": "ORDERS", "durable": "echo"}),
    ],
)
async def test_manifests_of_old_and_of_today_apply(client: KubeClient, resource: Resource, spec: JsonObject) -> None:
    await client.create(resource, manifest(resource, spec), field_validation="Strict")


@pytest.mark.parametrize(
    ("resource", "spec", "said"),
    [
        (FUNCTIONS, {"handler": "nodot"}, "spec.handler"),
        (FUNCTIONS, {"handler": "../../etc.run"}, "spec.handler"),
        (FUNCTIONS, {"handler": "echo.run\0"}, "spec.handler"),
        (FUNCTIONS, {"handler": "echo.run\n"}, "spec.handler"),
        (FUNCTIONS, {"checksum": "md5:1"}, "spec.checksum"),
        (FUNCTIONS, {"timeout": "3m"}, "spec.timeout"),
        (FUNCTIONS, {"replicas": -1}, "spec.replicas"),
        (FUNCTIONS, {"handelr": "echo.run"}, "handelr"),
        (KAFKA_TRIGGERS, {**TOPIC, "topic": ""}, "spec.topic"),
        (KAFKA_TRIGGERS, {"topic": "orders"}, "functionSelector"),
        (KAFKA_TRIGGERS, {**TOPIC, "startFrom": "yesterday"}, "spec.startFrom"),
        (KAFKA_TRIGGERS, {**TOPIC, "delivery": {"order": "random"}}, "spec.delivery.order"),
        (CRONJOB_TRIGGERS, {"function-name": "echo"}, "schedule"),
        (NATS_TRIGGERS, {**TOPIC, "stream": "a.b"}, "spec.stream"),
    ],
)
async def test_mistakes_are_refused_by_the_field(
    client: KubeClient, resource: Resource, spec: JsonObject, said: str
) -> None:
    with pytest.raises(Invalid) as caught:
        await client.create(resource, manifest(resource, spec), field_validation="Strict")
    assert said in str(caught.value)


@pytest.mark.parametrize("name", ["1st", "a.b", "a" * 64, "x-"])
async def test_a_function_s_name_must_do_for_its_service(client: KubeClient, name: str) -> None:
    with pytest.raises(Invalid, match=r"metadata\.name"):
        await client.create(FUNCTIONS, manifest(FUNCTIONS, WRITTEN_BY_GO, name=name))
