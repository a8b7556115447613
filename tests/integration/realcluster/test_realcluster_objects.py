"""What the controller makes of our objects is what a real API server and the controllers beside it make of them."""

import pytest

from kubeless.api.resource import CRONJOB_TRIGGERS, FUNCTIONS, HTTP_TRIGGERS, KAFKA_TRIGGERS, NATS_TRIGGERS, Resource
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.resources import CONFIG_MAPS, DEPLOYMENTS, HPAS, INGRESSES, SERVICE_MONITORS, SERVICES
from support.clusterworld import NAMESPACE, World
from support.kafkaworld import until

TARGET = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "theirs"}
CALLS = {"type": "Pods", "pods": {"metric": {"name": "calls"}, "target": {"type": "AverageValue", "averageValue": "9"}}}


def autoscaler(function: str, **spec: object) -> JsonObject:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": function}
    return {"metadata": {"name": function}, "spec": {"maxReplicas": 3, "scaleTargetRef": target, **spec}}


TAKEN: list[tuple[Resource, JsonObject]] = [
    (CONFIG_MAPS, {"data": {"theirs": "1"}}),
    (SERVICES, {"spec": {"ports": [{"port": 80}]}}),
    (
        DEPLOYMENTS,
        {
            "spec": {
                "replicas": 0,
                "selector": {"matchLabels": {"app": "theirs"}},
                "template": {
                    "metadata": {"labels": {"app": "theirs"}},
                    "spec": {"containers": [{"name": "c", "image": "registry.invalid/c"}]},
                },
            }
        },
    ),
    (HPAS, {"spec": {"maxReplicas": 2, "scaleTargetRef": TARGET}}),
    (SERVICE_MONITORS, {"spec": {"endpoints": []}}),
]


ADDED = (HPAS, SERVICE_MONITORS)
"""What only functions with an autoscaler have."""

OLD_FINALIZERS: dict[Resource, tuple[JsonObject, str]] = {
    FUNCTIONS: ({"runtime": "python3.11", "handler": "a.b", "function": "x"}, "kubeless.io/function"),
    HTTP_TRIGGERS: ({"function-name": "none"}, "kubeless.io/httptrigger"),
    CRONJOB_TRIGGERS: ({"function-name": "none", "schedule": "@yearly"}, "kubeless.io/cronjobtrigger"),
    KAFKA_TRIGGERS: ({"topic": "none", "functionSelector": {}, "suspend": True}, "kubeless.io/kafkatrigger"),
    NATS_TRIGGERS: ({"topic": "none", "functionSelector": {}, "suspend": True}, "kubeless.io/natstrigger"),
}


async def test_an_ingress_comes_and_goes_with_the_wish_for_one(world: World) -> None:
    await world.function("shown")
    spec = {"function-name": "shown", "host-name": "shown.test", "gateway": "nginx"}
    await world.make(HTTP_TRIGGERS, "shown", spec)
    made = await world.until_there(INGRESSES, "shown")
    assert made["spec"]["ingressClassName"] == "nginx"
    await world.change(HTTP_TRIGGERS, "shown", {"spec": {"path": "b"}})

    async def moved() -> bool:
        paths = (await world.client.get(INGRESSES, "shown", namespace=NAMESPACE))["spec"]["rules"][0]["http"]["paths"]
        return str(paths[0]["path"]).startswith("/b")

    await until(moved)
    await world.change(HTTP_TRIGGERS, "shown", {"spec": {"gateway": ""}})
    await world.until_gone(INGRESSES, "shown")


async def test_a_function_changes_with_its_object(world: World) -> None:
    await world.function("moving", horizontalPodAutoscaler=autoscaler("moving"))
    await world.until_there(HPAS, "moving")
    await world.change(FUNCTIONS, "moving", {"spec": {"horizontalPodAutoscaler": {"spec": {"maxReplicas": 5}}}})

    async def larger() -> bool:
        return bool((await world.client.get(HPAS, "moving", namespace=NAMESPACE))["spec"]["maxReplicas"] == 5)

    await until(larger)
    await world.change(FUNCTIONS, "moving", {"spec": {"horizontalPodAutoscaler": None, "function": "y", "deps": "z"}})
    await world.until_gone(HPAS, "moving")
    service = await world.client.get(SERVICES, "moving", namespace=NAMESPACE)
    headless = {"ports": service["spec"]["ports"], "clusterIP": "None"}
    await world.change(FUNCTIONS, "moving", {"spec": {"service": headless}})

    async def remade() -> bool:
        found = await world.until_there(SERVICES, "moving")
        return bool(found["spec"]["clusterIP"] == "None")

    await until(remade)
    await world.until_condition(FUNCTIONS, "moving", "Ready", "True")


async def test_a_function_scaled_by_its_calls_has_them_collected(world: World) -> None:
    await world.function("counted", horizontalPodAutoscaler=autoscaler("counted", metrics=[CALLS]))
    made = await world.until_there(SERVICE_MONITORS, "counted")
    ports = [{**(await world.client.get(SERVICES, "counted", namespace=NAMESPACE))["spec"]["ports"][0], "name": "web"}]
    await world.change(FUNCTIONS, "counted", {"spec": {"service": {"ports": ports}}})

    async def other() -> bool:
        return bool((await world.client.get(SERVICE_MONITORS, "counted", namespace=NAMESPACE))["spec"] != made["spec"])

    await until(other)
    await world.change(FUNCTIONS, "counted", {"spec": {"horizontalPodAutoscaler": None}})
    await world.until_gone(SERVICE_MONITORS, "counted")


@pytest.mark.parametrize("kind", OLD_FINALIZERS, ids=[kind.kind for kind in OLD_FINALIZERS])
async def test_what_the_go_controllers_held_can_be_deleted(world: World, kind: Resource) -> None:
    spec, finalizer = OLD_FINALIZERS[kind]
    await world.make(kind, "held", spec, finalizers=[finalizer])
    await world.delete(kind, "held")


async def test_everything_goes_with_its_function(world: World) -> None:
    await world.function("leaving")
    await world.make(HTTP_TRIGGERS, "leaving", {"function-name": "leaving", "host-name": "leaving.test"})
    await world.make(CRONJOB_TRIGGERS, "leaving", {"function-name": "leaving", "schedule": "@yearly"})
    for triggers in (HTTP_TRIGGERS, CRONJOB_TRIGGERS):
        await world.until_bound(triggers, "leaving")
    await world.delete(FUNCTIONS, "leaving")
    for resource in (FUNCTIONS, DEPLOYMENTS, SERVICES, CONFIG_MAPS, HTTP_TRIGGERS, CRONJOB_TRIGGERS):
        await world.until_gone(resource, "leaving")


def head(resource: Resource, name: str) -> JsonObject:
    metadata = {"name": name, "namespace": NAMESPACE}
    return {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": metadata}


@pytest.mark.parametrize(("resource", "theirs"), TAKEN, ids=[resource.plural for resource, _ in TAKEN])
async def test_what_belongs_to_somebody_else_is_left_alone(
    world: World, resource: Resource, theirs: JsonObject
) -> None:
    name = f"taken-{resource.plural}"
    made = await world.client.create(resource, {**head(resource, name), **theirs})
    spec = {"runtime": "python3.11", "handler": "a.b", "function": "x"}
    more = {"horizontalPodAutoscaler": autoscaler(name, metrics=[CALLS])} if resource in ADDED else {}
    await world.make(FUNCTIONS, name, spec | more)
    await world.until_told(FUNCTIONS, name, f"conflicting {resource.kind.lower()}")
    found = await world.client.get(resource, name, namespace=NAMESPACE)
    assert found["metadata"]["uid"] == made["metadata"]["uid"]
    assert "ownerReferences" not in found["metadata"]


@pytest.mark.parametrize(("resource", "made"), TAKEN[:3], ids=[resource.plural for resource, _ in TAKEN[:3]])
async def test_what_bears_our_label_and_has_no_owner_is_taken_over(
    world: World, resource: Resource, made: JsonObject
) -> None:
    """As it is after a restore, or after an owner was deleted without its children."""
    name = f"orphan-{resource.plural}"
    labels = {"created-by": "kubeless", "function": name}
    orphan = {**head(resource, name), **made}
    orphan["metadata"]["labels"] = labels
    if resource is DEPLOYMENTS:
        template = {**made["spec"]["template"], "metadata": {"labels": labels}}
        orphan["spec"] = {"replicas": 0, "selector": {"matchLabels": labels}, "template": template}
    await world.client.create(resource, orphan)
    spec = {"runtime": "python3.11", "handler": "a.b", "function": "x"}
    function = await world.make(FUNCTIONS, name, spec)

    async def owned() -> bool:
        metadata = (await world.client.get(resource, name, namespace=NAMESPACE))["metadata"]
        return [each["uid"] for each in metadata.get("ownerReferences", ())] == [function["metadata"]["uid"]]

    await until(owned)
    await world.delete(FUNCTIONS, name)


async def test_an_ingress_of_somebody_else_is_left_alone(world: World) -> None:
    await world.function("guest")
    backend = {"service": {"name": "theirs", "port": {"number": 80}}}
    theirs = {"metadata": {"name": "guest", "namespace": NAMESPACE}, "spec": {"defaultBackend": backend}}
    made = await world.client.create(INGRESSES, theirs)
    spec = {"function-name": "guest", "host-name": "guest.test", "gateway": "nginx"}
    await world.make(HTTP_TRIGGERS, "guest", spec)
    await world.until_told(HTTP_TRIGGERS, "guest", "conflicting ingress")
    found = await world.client.get(INGRESSES, "guest", namespace=NAMESPACE)
    assert found["spec"] == made["spec"]
