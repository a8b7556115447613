"""The controller against an API server: what it makes, leaves alone and says."""

from dataclasses import replace

import aiohttp
import pytest

from kubeless.api.resource import FUNCTIONS, HTTP_TRIGGERS, Resource
from kubeless.controller.desired.deployment import CHECKSUM
from kubeless.controller.service import serve
from kubeless.controller.settings import Settings
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.client import KubeClient
from kubeless.kube.resources import CONFIG_MAPS, CRDS, DEPLOYMENTS, HPAS, INGRESSES, PODS, SERVICES
from support.controllerworld import CHILDREN, SETTINGS, condition, eventually, function_object, merge_patch, reason


async def test_a_function_becomes_its_objects_and_a_second_look_writes_nothing(client: KubeClient) -> None:
    await client.create(FUNCTIONS, function_object(deps="six", horizontalPodAutoscaler=AUTOSCALER))
    async with serve(SETTINGS, client):
        await reason(client, "Progressing")
        for resource in (*CHILDREN, HPAS):
            await client.get(resource, "echo")
        before = await versions(client)
    async with serve(SETTINGS, client):
        # A function made now is looked at after the one that was there.
        await client.create(FUNCTIONS, function_object("later"))
        await reason(client, "Progressing", "later")
    assert await versions(client) == before


async def versions(client: KubeClient) -> dict[str, str]:
    objects = [await client.get(resource, "echo") for resource in (FUNCTIONS, *CHILDREN, HPAS)]
    return {obj["kind"]: obj["metadata"]["resourceVersion"] for obj in objects}


AUTOSCALER = {
    "metadata": {"name": "echo"},
    "spec": {
        "scaleTargetRef": {"apiVersion": "apps/v1beta1", "kind": "Deployment", "name": "echo"},
        "maxReplicas": 3,
        "metrics": [{"type": "Resource", "resource": {"name": "cpu", "targetAverageUtilization": 70}}],
    },
}


@pytest.mark.parametrize(
    "patch",
    [
        {"spec": {"runtime": "python3.12"}},
        {"metadata": {"labels": {"tier": "new"}}},
        {"metadata": {"annotations": {"note": "new"}}},
        {"spec": {"function": "def run(event, context): return 1"}},
        {"spec": {"deployment": {"spec": {"template": {"spec": {"nodeSelector": {"disk": "ssd"}}}}}}},
    ],
    ids=["runtime", "label", "annotation", "code", "template"],
)
async def test_every_change_of_a_function_rolls_its_pods(client: KubeClient, patch: JsonObject) -> None:
    await client.create(FUNCTIONS, function_object())
    async with serve(SETTINGS, client):
        before = (await eventually(lambda: client.get(DEPLOYMENTS, "echo")))["spec"]["template"]
        await merge_patch(client, FUNCTIONS, patch)

        async def rolled() -> bool:
            template = (await client.get(DEPLOYMENTS, "echo"))["spec"]["template"]
            return bool(template["metadata"]["annotations"][CHECKSUM] != before["metadata"]["annotations"][CHECKSUM])

        await eventually(rolled)
        service = await client.get(SERVICES, "echo")
        assert service["spec"]["selector"] == {"created-by": "kubeless", "function": "echo"}


async def test_scaling_the_deployment_holds_and_scaling_the_function_is_passed_on(client: KubeClient) -> None:
    async def replicas(expected: int) -> None:
        async def ask() -> bool:
            return bool((await client.get(DEPLOYMENTS, "echo"))["spec"]["replicas"] == expected)

        await eventually(ask)

    await client.create(FUNCTIONS, function_object())
    async with serve(SETTINGS, client):
        await replicas(1)
        await merge_patch(client, DEPLOYMENTS, {"spec": {"replicas": 3}}, "scale")
        await merge_patch(client, FUNCTIONS, {"spec": {"function": "def run(event, context): return 2"}})

        async def new_code() -> bool:
            return "return 2" in (await client.get(CONFIG_MAPS, "echo"))["data"]["app.py"]

        await eventually(new_code)
        await replicas(3)
        await merge_patch(client, FUNCTIONS, {"spec": {"replicas": 2}}, "scale")
        await replicas(2)


POD = {"metadata": {"labels": {"app": "db"}}, "spec": {"containers": [{"name": "db", "image": "db:1"}]}}
FOREIGN: dict[Resource, JsonObject] = {
    CONFIG_MAPS: {"data": {"mine": "1"}},
    SERVICES: {"spec": {"ports": [{"port": 5432}]}},
    DEPLOYMENTS: {"spec": {"selector": {"matchLabels": {"app": "db"}}, "template": POD}},
    HPAS: {
        "spec": {"maxReplicas": 2, "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "db"}},
    },
}


@pytest.mark.parametrize("resource", FOREIGN, ids=lambda resource: resource.plural)
async def test_a_foreign_object_is_named_and_nothing_is_touched_until_it_is_gone(
    client: KubeClient, resource: Resource
) -> None:
    created = await client.create(resource, {"metadata": {"name": "echo"}, **FOREIGN[resource]})
    await client.create(FUNCTIONS, function_object(horizontalPodAutoscaler=AUTOSCALER))
    async with serve(SETTINGS, client):
        found = await reason(client, "Conflict")
        assert f"Found a conflicting {resource.kind.lower()} object default/echo. Aborting" in found["message"]
        assert (await condition(client, "Deployed"))["status"] == "False"
        for other in FOREIGN:
            there = (await client.list(other, namespace="default")).items
            assert there == ([created] if other == resource else [])
        await client.delete(resource, "echo")
        await reason(client, "Progressing")


async def test_an_unknown_runtime_is_answered_with_the_known_ones_until_it_is_mended(client: KubeClient) -> None:
    await client.create(FUNCTIONS, function_object(runtime="cobol85"))
    async with serve(SETTINGS, client):
        assert "python3.11" in (await reason(client, "UnknownRuntime"))["message"]
        await merge_patch(client, FUNCTIONS, {"spec": {"runtime": "python3.11"}})
        await reason(client, "Progressing")


async def test_a_new_configuration_takes_effect_without_a_restart(client: KubeClient) -> None:
    await client.create(FUNCTIONS, function_object(runtime="cobol85"))
    async with serve(replace(SETTINGS, kubeless_namespace="default"), client):
        await reason(client, "UnknownRuntime")
        images = '[{ID: cobol, versions: [{version: "85", images: [{phase: runtime, image: "cob:1"}]}]}]'
        metadata = {"name": "kubeless-config", "namespace": "default"}
        config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"runtime-images": images}}
        await client.create(CONFIG_MAPS, config)
        await reason(client, "Progressing")
        assert (await client.get(DEPLOYMENTS, "echo"))["spec"]["template"]["spec"]["containers"][0]["image"] == "cob:1"


async def test_the_type_of_services_follows_the_configuration(client: KubeClient) -> None:
    async def types() -> dict[str, str]:
        return {item["metadata"]["name"]: item["spec"]["type"] for item in (await client.list(SERVICES)).items}

    async def are(**expected: str) -> bool:
        return expected.items() <= (await types()).items()

    await client.create(FUNCTIONS, function_object())
    await client.create(FUNCTIONS, function_object("own", service={"type": "LoadBalancer", "ports": [{"port": 80}]}))
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "kubeless-config"}, "data": {}}
    await client.create(CONFIG_MAPS, config)
    async with serve(replace(SETTINGS, kubeless_namespace="default"), client):
        await eventually(lambda: are(echo="ClusterIP", own="LoadBalancer"))
        await client.patch(CONFIG_MAPS, "kubeless-config", {"data": {"service-type": "NodePort"}})
        await eventually(lambda: are(echo="NodePort", own="LoadBalancer"))


async def test_a_configuration_that_cannot_be_read_changes_nothing(client: KubeClient) -> None:
    metadata = {"name": "kubeless-config", "namespace": "default"}
    data = {"provision-image": "ours/unzip:1"}
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}
    await client.create(CONFIG_MAPS, config)
    settings = replace(SETTINGS, kubeless_namespace="default")
    async with (
        serve(settings, client) as running,
        aiohttp.ClientSession(f"http://127.0.0.1:{running.admin_port}") as web,
    ):

        async def noticed() -> bool:
            async with web.get("/metrics") as answer:
                return "kubeless_controller_config_valid 0.0" in await answer.text()

        await client.patch(CONFIG_MAPS, "kubeless-config", {"data": {"runtime-images": "{"}})
        await eventually(noticed)
        await client.create(FUNCTIONS, function_object())
        deployment = await eventually(lambda: client.get(DEPLOYMENTS, "echo"))
    assert deployment["spec"]["template"]["spec"]["initContainers"][0]["image"] == "ours/unzip:1"


async def test_the_crd_may_say_where_the_configuration_is(client: KubeClient) -> None:
    annotations = {"kubeless.io/namespace": "default", "kubeless.io/config": "mine"}
    await client.patch(CRDS, FUNCTIONS.qualified_name, {"metadata": {"annotations": annotations}})
    config = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "mine"},
        "data": {"provision-image": "ours/unzip:1"},
    }
    await client.create(CONFIG_MAPS, config)
    await client.create(FUNCTIONS, function_object())
    async with serve(SETTINGS, client):
        deployment = await eventually(lambda: client.get(DEPLOYMENTS, "echo"))
    assert deployment["spec"]["template"]["spec"]["initContainers"][0]["image"] == "ours/unzip:1"


async def test_deleting_a_function_leaves_nothing(client: KubeClient) -> None:
    async def gone() -> bool:
        remaining = [await client.list(resource, label_selector="function=echo") for resource in (*CHILDREN, HPAS)]
        return not any(listed.items for listed in remaining)

    await client.create(FUNCTIONS, function_object(horizontalPodAutoscaler=AUTOSCALER))
    async with serve(SETTINGS, client):
        await eventually(lambda: client.get(HPAS, "echo"))
        await reason(client, "Progressing")
        await client.delete(FUNCTIONS, "echo")
        await eventually(gone)


async def test_an_autoscaler_that_is_no_longer_asked_for_is_deleted(client: KubeClient) -> None:
    async def gone() -> bool:
        return not (await client.list(HPAS)).items

    await client.create(FUNCTIONS, function_object(horizontalPodAutoscaler=AUTOSCALER))
    async with serve(SETTINGS, client):
        await eventually(lambda: client.get(HPAS, "echo"))
        await merge_patch(client, FUNCTIONS, {"spec": {"horizontalPodAutoscaler": None}})
        await eventually(gone)


async def test_a_function_of_the_go_controller_can_be_deleted(client: KubeClient) -> None:
    old = function_object()
    old["metadata"]["finalizers"] = ["kubeless.io/function"]

    async def gone() -> bool:
        return not (await client.list(FUNCTIONS)).items

    await client.create(FUNCTIONS, old)
    async with serve(SETTINGS, client):
        await reason(client, "Progressing")
        await client.delete(FUNCTIONS, "echo")
        await eventually(gone)


async def test_a_deleted_child_comes_back(client: KubeClient) -> None:
    await client.create(FUNCTIONS, function_object())
    async with serve(SETTINGS, client):
        first = await eventually(lambda: client.get(SERVICES, "echo"))
        await reason(client, "Progressing")
        await client.delete(SERVICES, "echo")

        async def new_one() -> bool:
            return bool((await client.get(SERVICES, "echo"))["metadata"]["uid"] != first["metadata"]["uid"])

        await eventually(new_one)


async def test_ready_follows_the_pods(client: KubeClient) -> None:
    await client.create(FUNCTIONS, function_object())
    async with serve(SETTINGS, client):
        deployment = await eventually(lambda: client.get(DEPLOYMENTS, "echo"))
        template = deployment["spec"]["template"]
        metadata = {**template["metadata"], "name": "echo-1", "namespace": "default"}
        await client.create(PODS, {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]})
        crashed = {"terminated": {"exitCode": 1, "message": "Traceback\nImportError: no module named six\n"}}
        container = {"name": "echo", "state": crashed, "image": "i", "imageID": "", "ready": False, "restartCount": 0}
        await client.patch(PODS, "echo-1", {"status": {"containerStatuses": [container]}}, subresource="status")
        assert "ImportError: no module named six" in (await reason(client, "CrashLoopBackOff"))["message"]

        up = {"type": "Ready", "status": "True"}
        running = {**container, "state": {"running": {"startedAt": "2026-01-02T03:04:05Z"}}, "ready": True}
        status = {"containerStatuses": [running], "conditions": [up]}
        await client.patch(PODS, "echo-1", {"status": status}, subresource="status")
        counts = {"replicas": 1, "updatedReplicas": 1, "readyReplicas": 1, "availableReplicas": 1}
        observed = {"observedGeneration": deployment["metadata"]["generation"]}
        await merge_patch(client, DEPLOYMENTS, {"status": {**counts, **observed}}, "status")
        found = await reason(client, "Ready")
        assert found["message"] == "1 of 1 pods answer"
        obj = await client.get(FUNCTIONS, "echo")
        assert (obj["status"]["readyReplicas"], obj["status"]["selector"]) == (1, "created-by=kubeless,function=echo")


async def test_one_broken_function_does_not_stop_the_others(client: KubeClient) -> None:
    await client.create(
        FUNCTIONS, function_object("broken", deployment={"spec": {"template": {"spec": {"containers": "x"}}}})
    )
    await client.create(FUNCTIONS, function_object("echo"))
    async with serve(SETTINGS, client):
        assert "containers" in (await reason(client, "InvalidSpec", "broken"))["message"]
        await reason(client, "Progressing")


async def test_what_the_server_refuses_is_told(client: KubeClient) -> None:
    containers = [{"env": [{"name": "not a name=", "value": "x"}], "ports": [{"containerPort": 99999}]}]
    await client.create(
        FUNCTIONS, function_object(deployment={"spec": {"template": {"spec": {"containers": containers}}}})
    )
    async with serve(SETTINGS, client):
        found = await reason(client, "Invalid")
        assert "echo" in found["message"]


async def test_replicas_agree_on_one_and_the_next_takes_over(client: KubeClient) -> None:
    def replica(name: str) -> Settings:
        return replace(SETTINGS, leader_election=True, kubeless_namespace="default", config_name="c", identity=name)

    async with serve(replica("b"), client):
        async with serve(replica("a"), client):
            await client.create(FUNCTIONS, function_object())
            await reason(client, "Progressing")
        await client.create(FUNCTIONS, function_object("later"))
        await reason(client, "Progressing", "later")


async def test_the_admin_port_tells_health_and_counts(client: KubeClient) -> None:
    await client.create(FUNCTIONS, function_object(runtime="cobol85"))
    async with (
        serve(SETTINGS, client) as running,
        aiohttp.ClientSession(f"http://127.0.0.1:{running.admin_port}") as web,
    ):
        await reason(client, "UnknownRuntime")
        async with web.get("/readyz") as answer:
            assert answer.status == 200
        async with web.get("/metrics") as answer:
            text = await answer.text()
    assert 'kubeless_controller_reconcile_errors_total{kind="Function",reason="UnknownRuntime"}' in text
    assert "kubeless_controller_reconcile_seconds_count" in text


async def test_a_trigger_for_another_gateway_gets_an_ingress_once_its_function_is_there(client: KubeClient) -> None:
    async def deployed(expected: str | None) -> None:
        async def ask() -> bool:
            conditions = (await client.get(HTTP_TRIGGERS, "web")).get("status", {}).get("conditions", [])
            return [item["reason"] for item in conditions] == ([expected] if expected else [])

        await eventually(ask)

    async def gone() -> bool:
        return not (await client.list(INGRESSES)).items

    spec = {"function-name": "echo", "host-name": "a.example.com", "gateway": "nginx", "path": ""}
    metadata = {"name": "web", "finalizers": ["kubeless.io/httptrigger"]}
    async with serve(SETTINGS, client):
        trigger = {"apiVersion": HTTP_TRIGGERS.api_version, "kind": "HTTPTrigger", "metadata": metadata, "spec": spec}
        await client.create(HTTP_TRIGGERS, trigger)
        await deployed("FunctionNotFound")
        await client.create(FUNCTIONS, function_object(service={"ports": [{"port": 80, "targetPort": 8080}]}))
        await deployed("Applied")
        ingress = await client.get(INGRESSES, "web")
        assert ingress["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["port"] == {"number": 80}

        await client.patch(HTTP_TRIGGERS, "web", {"spec": {"gateway": ""}})
        await deployed(None)
        assert await gone()
        await client.patch(HTTP_TRIGGERS, "web", {"spec": {"gateway": "kong"}})
        await deployed("Applied")
        await client.delete(HTTP_TRIGGERS, "web")
        await eventually(gone)
