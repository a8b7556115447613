"""Objects are created, updated or left alone; those of others are never touched."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from kubeless.api.function import Function
from kubeless.api.httptrigger import parse_http_trigger
from kubeless.api.resource import Resource
from kubeless.controller.apply import Applier
from kubeless.controller.config import Config
from kubeless.controller.desired.ingress import desired_ingress
from kubeless.controller.desired.objects import desired_objects
from kubeless.controller.problem import BeingDeleted, ForeignObject
from kubeless.controller.update import APPLIED, covers, differs, marked, updated
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.errors import AlreadyExists
from kubeless.kube.resources import DEPLOYMENTS, SERVICES

MakeFunction = Callable[..., Function]


class Server:
    """Holds one object and fills in what an API server fills in."""

    def __init__(self, stored: JsonObject | None = None) -> None:
        self.stored = stored
        self.writes = 0
        self.finalizing = False

    async def get(self, resource: Resource, name: str, *, namespace: str | None = None) -> JsonObject:
        assert self.stored is not None
        return self.stored

    async def create(self, resource: Resource, body: JsonObject, *, namespace: str | None = None) -> JsonObject:
        if self.stored is not None:
            raise AlreadyExists("taken")
        return self._store(body)

    async def replace(self, resource: Resource, body: JsonObject, *, namespace: str | None = None) -> JsonObject:
        return self._store(body)

    async def delete(
        self, resource: Resource, name: str, *, namespace: str | None = None, uid: str | None = None
    ) -> JsonObject:
        assert self.stored is not None
        assert self.stored["metadata"]["uid"] == uid
        gone = self.stored
        if not self.finalizing:
            self.stored = None
        return gone

    def _store(self, body: JsonObject) -> JsonObject:
        self.writes += 1
        self.stored = self.admit(copy.deepcopy(body))
        self.stored["metadata"] |= {"uid": "live", "resourceVersion": str(self.writes)}
        return self.stored

    def admit(self, obj: JsonObject) -> JsonObject:
        """Defaults, as far as they matter here."""
        if obj["kind"] == "Deployment":
            obj["spec"].setdefault("replicas", 1)
            obj["spec"].setdefault("progressDeadlineSeconds", 600)
            for container in obj["spec"]["template"]["spec"]["containers"]:
                container.setdefault("terminationMessagePath", "/dev/termination-log")
        if obj["kind"] == "Service":
            obj["spec"].setdefault("clusterIP", "10.0.0.1")
        return obj


def deployment_of(make_function: MakeFunction, **spec: Any) -> JsonObject:
    return desired_objects(make_function(**spec), Config()).deployment


async def test_what_is_as_desired_is_not_written_again(make_function: MakeFunction) -> None:
    server = Server()
    applier = Applier(server)
    live = await applier.apply(DEPLOYMENTS, deployment_of(make_function), None)
    assert await applier.apply(DEPLOYMENTS, deployment_of(make_function), live) == live
    assert server.writes == 1


async def test_a_cache_that_is_behind_does_no_harm(make_function: MakeFunction) -> None:
    server = Server()
    applier = Applier(server)
    await applier.apply(DEPLOYMENTS, deployment_of(make_function), None)
    await applier.apply(DEPLOYMENTS, deployment_of(make_function), None)
    assert server.writes == 1


async def test_scaling_and_restarting_by_hand_hold(make_function: MakeFunction) -> None:
    server = Server()
    applier = Applier(server)
    live = copy.deepcopy(await applier.apply(DEPLOYMENTS, deployment_of(make_function), None))
    live["spec"]["replicas"] = 3
    restarted = {"kubectl.kubernetes.io/restartedAt": "now"}
    live["spec"]["template"]["metadata"]["annotations"] |= restarted
    live["metadata"]["annotations"]["deployment.kubernetes.io/revision"] = "2"

    assert not differs(deployment_of(make_function), live)
    live = await applier.apply(DEPLOYMENTS, deployment_of(make_function, function="new"), live)

    assert live["spec"]["replicas"] == 3
    assert restarted.items() <= live["spec"]["template"]["metadata"]["annotations"].items()
    assert live["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "2"


async def test_what_a_person_changes_in_our_object_is_put_right(make_function: MakeFunction) -> None:
    server = Server()
    applier = Applier(server)
    live = copy.deepcopy(await applier.apply(DEPLOYMENTS, deployment_of(make_function), None))
    live["spec"]["template"]["spec"]["containers"][0]["image"] = "evil"
    live = await applier.apply(DEPLOYMENTS, deployment_of(make_function), live)
    assert live["spec"]["template"]["spec"]["containers"][0]["image"] == "kubeless/python:3.11"


async def test_what_a_function_no_longer_says_is_removed(make_function: MakeFunction) -> None:
    server = Server()
    applier = Applier(server)
    given = {"spec": {"template": {"spec": {"containers": [{"resources": {"limits": {"cpu": "1"}}}]}}}}
    before = deployment_of(make_function, deployment=given, annotations={"note": "x"}, labels={"tier": "a"})
    live = await applier.apply(DEPLOYMENTS, before, None)
    live = await applier.apply(DEPLOYMENTS, deployment_of(make_function), live)
    assert "resources" not in live["spec"]["template"]["spec"]["containers"][0]
    assert "note" not in live["metadata"]["annotations"]
    assert "tier" not in live["metadata"]["labels"]


async def test_a_policy_that_rewrites_objects_is_not_fought(make_function: MakeFunction) -> None:
    class Policy(Server):
        def admit(self, obj: JsonObject) -> JsonObject:
            obj["spec"]["template"]["spec"]["containers"][0]["image"] = "mirror/python"
            return super().admit(obj)

    server = Policy()
    applier = Applier(server)
    live = await applier.apply(DEPLOYMENTS, deployment_of(make_function), None)
    for _ in range(3):
        live = await applier.apply(DEPLOYMENTS, deployment_of(make_function), live)
    assert server.writes == 1

    await applier.apply(DEPLOYMENTS, deployment_of(make_function, function="new"), live)
    assert server.writes == 2


async def test_a_service_keeps_its_address(make_function: MakeFunction) -> None:
    server = Server()
    applier = Applier(server)
    desired = desired_objects(make_function(), Config()).service
    live = await applier.apply(SERVICES, desired, None)
    ports = desired_objects(make_function(service={"ports": [{"port": 80}]}), Config()).service
    live = await applier.apply(SERVICES, ports, live)
    assert live["spec"]["clusterIP"] == "10.0.0.1"
    assert live["spec"]["ports"] == [{"port": 80, "targetPort": 80}]


@pytest.mark.parametrize(("before", "after"), [({}, {"clusterIP": "None"}), ({"clusterIP": "None"}, {})])
async def test_a_service_that_becomes_headless_or_ceases_to_is_made_anew(
    make_function: MakeFunction, before: JsonObject, after: JsonObject
) -> None:
    server = Server()
    applier = Applier(server)
    live = await applier.apply(SERVICES, desired_objects(make_function(service=before), Config()).service, None)
    assert (live["spec"]["clusterIP"] == "None") is bool(before)
    wanted = desired_objects(make_function(service=after), Config()).service
    live = await applier.apply(SERVICES, wanted, live)
    assert (live["spec"]["clusterIP"] == "None") is bool(after)
    assert await applier.apply(SERVICES, wanted, live) is live


async def test_an_object_on_its_way_out_is_waited_for(make_function: MakeFunction) -> None:
    server = Server()
    server.finalizing = True
    applier = Applier(server)
    live = await applier.apply(SERVICES, desired_objects(make_function(), Config()).service, None)
    headless = desired_objects(make_function(service={"clusterIP": "None"}), Config()).service
    with pytest.raises(BeingDeleted, match="finalizers"):
        await applier.apply(SERVICES, headless, live)
    leaving = {**live, "metadata": {**live["metadata"], "deletionTimestamp": "2026-01-02T03:04:05Z"}}
    with pytest.raises(BeingDeleted):
        await applier.apply(SERVICES, headless, leaving)
    assert server.writes == 1


def test_what_the_go_controller_wrote_on_an_ingress_goes_and_what_people_wrote_stays() -> None:
    trigger = parse_http_trigger(
        {
            "metadata": {"name": "web", "namespace": "shop", "uid": "u"},
            "spec": {"function-name": "echo", "gateway": "nginx"},
        }
    )
    old = {
        "kubernetes.io/ingress.class": "nginx",
        "nginx.ingress.kubernetes.io/rewrite-target": "/",
        "nginx.ingress.kubernetes.io/enable-cors": "true",
        "nginx.ingress.kubernetes.io/limit-rps": "5",
    }
    live = {"kind": "Ingress", "metadata": {"name": "web", "annotations": old}, "spec": {}}
    annotations = updated(desired_ingress(trigger, port=80), live)["metadata"]["annotations"]
    annotations.pop(APPLIED)
    assert annotations == {
        "nginx.ingress.kubernetes.io/rewrite-target": "/",
        "nginx.ingress.kubernetes.io/limit-rps": "5",
    }


OURS = {"created-by": "kubeless"}
SOMEBODY = {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "db", "uid": "x", "controller": True}
NAMESAKE = {"apiVersion": "kubeless.io/v1beta1", "kind": "Function", "name": "echo", "uid": "old", "controller": True}


@pytest.mark.parametrize(
    ("labels", "owners", "foreign"),
    [
        ({}, [], True),
        ({"created-by": "helm"}, [], True),
        (OURS, [SOMEBODY], True),
        (OURS, [], False),
        (OURS, [NAMESAKE], False),
        ({}, [{**NAMESAKE, "uid": "uid-1"}], False),
    ],
    ids=["unmarked", "of another tool", "owned by another", "of the Go controller", "restored", "label lost"],
)
async def test_foreign_objects_are_left_alone(
    make_function: MakeFunction, labels: dict[str, str], owners: list[JsonObject], foreign: bool
) -> None:
    metadata = {"name": "echo", "namespace": "shop", "labels": labels, "ownerReferences": owners}
    server = Server({"kind": "Service", "metadata": metadata, "spec": {"clusterIP": "10.0.0.2"}})
    applying = Applier(server).apply(SERVICES, desired_objects(make_function(), Config()).service, None)
    if foreign:
        with pytest.raises(ForeignObject, match=r"^Found a conflicting service object shop/echo\. Aborting"):
            await applying
        assert server.writes == 0
    else:
        assert (await applying)["metadata"]["ownerReferences"][0]["uid"] == "uid-1"


@pytest.mark.parametrize(
    ("live", "wanted", "covered"),
    [
        ({"a": 1, "default": 2}, {"a": 1}, True),
        ({}, {"a": {}, "b": [], "c": "", "d": None, "e": {"f": {}}}, True),
        ({"cpu": "500m"}, {"cpu": "0.5"}, True),
        ({"cpu": "1"}, {"cpu": 1}, True),
        ({"memory": "1Gi"}, {"memory": "1024Mi"}, True),
        ({"memory": "1G"}, {"memory": "1Gi"}, False),
        ({"a": "1x"}, {"a": "1y"}, False),
        ([1, 2], [1], False),
        ([{"a": 1, "b": 2}], [{"a": 1}], True),
        ({}, {"a": 1}, False),
        ("x", {"a": 1}, False),
    ],
)
def test_defaults_and_spellings_are_no_difference(live: Any, wanted: Any, covered: bool) -> None:
    assert covers(live, wanted) is covered


def test_our_annotations_are_remembered_so_that_they_can_be_removed(make_function: MakeFunction) -> None:
    live = marked(deployment_of(make_function, annotations={"note": "x"}))
    live["metadata"]["annotations"]["theirs"] = "y"
    annotations = updated(deployment_of(make_function), live)["metadata"]["annotations"]
    assert annotations.keys() == {"theirs", APPLIED}
