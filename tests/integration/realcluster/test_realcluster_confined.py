"""Confined to some namespaces, with Roles and nothing of the cluster: all works there, and nothing elsewhere."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager

import nats
import pytest
from aiokafka.admin import NewTopic

from kubeless.api.resource import CRONJOB_TRIGGERS, FUNCTIONS, HTTP_TRIGGERS, KAFKA_TRIGGERS, NATS_TRIGGERS
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.resources import CRON_JOBS, DEPLOYMENTS, SERVICE_MONITORS
from kubeless.local.kafka.broker import KafkaBroker
from support.audit import read_requests, refusals, service_account
from support.clusterworld import HOME, OLD_CRON_JOB, Platform, make_world
from support.kafkaworld import admin, producer, until
from support.servicerights import service_of

TEAMS = ("team-a", "team-b")
ELSEWHERE = "team-c"
EVERY_SECOND = "* * * * * *"

CALLS = {"type": "Pods", "pods": {"metric": {"name": "calls"}, "target": {"type": "AverageValue", "averageValue": "9"}}}

AT_THE_START = [
    ("controller", "deployments", "list"),
    ("controller", "servicemonitors", "list"),
    ("gateway", "httptriggers", "watch"),
    ("kafka-consumer", "kafkatriggers", "list"),
    ("nats-subscriber", "functions", "list"),
    ("cron-scheduler", "endpointslices", "watch"),
]
"""Rights that a service needs as soon as it runs."""


def selector(function: str) -> JsonObject:
    return {"matchLabels": {"function": function}}


def autoscaler(function: str) -> JsonObject:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": function}
    return {"metadata": {"name": function}, "spec": {"maxReplicas": 3, "scaleTargetRef": target, "metrics": [CALLS]}}


@pytest.mark.parametrize("team", TEAMS)
async def test_every_kind_of_event_is_served_in_each_namespace(confined: Platform, team: str) -> None:
    async with make_world(confined, team) as world:
        await world.function("all", horizontalPodAutoscaler=autoscaler("all"))
        await world.until_there(SERVICE_MONITORS, "all")
        await world.make(HTTP_TRIGGERS, "all", {"function-name": "all", "host-name": f"{team}.test"})
        await world.until_condition(HTTP_TRIGGERS, "all", "Ready", "True")
        assert await world.get(f"{team}.test") == (200, "ok")
        spec: JsonObject = {"function-name": "all", "host-name": f"vault.{team}.test", "basic-auth-secret": "missing"}
        await world.make(HTTP_TRIGGERS, "vault", spec)
        await world.until_condition(HTTP_TRIGGERS, "vault", "BasicAuthReady", "False")
        spec = {"schedule": EVERY_SECOND, "function-name": "all", "payload": {"tick": 1}}
        await world.make(CRONJOB_TRIGGERS, "all", spec)
        await world.make(NATS_TRIGGERS, "all", {"topic": team, "functionSelector": selector("all")})
        await world.until_condition(NATS_TRIGGERS, "all", "Ready", "True")
        publisher = await nats.connect(confined.nats_url)
        await publisher.publish(team, b"message")
        await publisher.close()
        async with KafkaBroker("127.0.0.1", confined.kafka_port) as broker:
            async with admin(broker.bootstrap) as kafka:
                await kafka.create_topics([NewTopic(team, 1, 1)])
            spec = {"topic": team, "functionSelector": selector("all"), "startFrom": "earliest"}
            await world.make(KAFKA_TRIGGERS, "all", spec)
            async with producer(broker.bootstrap) as sender:
                await sender.send_and_wait(team, b"record")
            await until(lambda: {b"", b"message", b"record", b'{"tick":1}'} <= set(world.ledger.bodies), deadline=40)
            await world.delete(KAFKA_TRIGGERS, "all")
        await world.delete(FUNCTIONS, "all")
        await world.until_gone(CRONJOB_TRIGGERS, "all")


async def test_what_the_go_controller_left_is_removed_there(confined: Platform) -> None:
    async with make_world(confined, TEAMS[0]) as world:
        await world.until_gone(CRON_JOBS, OLD_CRON_JOB)


async def test_what_is_in_another_namespace_is_not_looked_at(confined: Platform) -> None:
    async with make_world(confined, ELSEWHERE) as elsewhere, make_world(confined, TEAMS[0]) as world:
        body = {"runtime": "python3.11", "handler": "a.b", "function": "x"}
        made = [
            await elsewhere.make(FUNCTIONS, "unseen", body, labels={"function": "unseen"}),
            await elsewhere.make(HTTP_TRIGGERS, "unseen", {"function-name": "unseen", "host-name": "unseen.test"}),
            await elsewhere.make(CRONJOB_TRIGGERS, "unseen", {"function-name": "unseen", "schedule": EVERY_SECOND}),
        ]
        await world.function("seen")
        await world.make(CRONJOB_TRIGGERS, "seen", {"function-name": "seen", "schedule": EVERY_SECOND})
        await world.ledger.until_done(2)
        await world.delete(FUNCTIONS, "seen")
        for kind, before in zip((FUNCTIONS, HTTP_TRIGGERS, CRONJOB_TRIGGERS), made, strict=True):
            now = await world.client.get(kind, "unseen", namespace=ELSEWHERE)
            assert now["metadata"]["resourceVersion"] == before["metadata"]["resourceVersion"], "somebody wrote there"
        assert (await world.client.list(DEPLOYMENTS, namespace=ELSEWHERE)).items == []
        assert (await world.get("unseen.test"))[0] == 404


def test_nothing_was_forbidden_to_a_confined_service(confined: Platform) -> None:
    assert refusals(read_requests(confined.cluster.audit_log), service_account(HOME, "")) == []


@pytest.mark.parametrize(("component", "resource", "verb"), AT_THE_START)
async def test_a_service_that_lacks_a_verb_is_refused(
    confined: Platform, component: str, resource: str, verb: str
) -> None:
    """So the test before this one would fail if the chart granted one verb less."""
    service = confined.services[component]
    with lacking(confined, component, resource, verb) as refused:
        await asyncio.to_thread(service.stop)
        service.start()
        await until(refused)
    await asyncio.to_thread(service.until_ready)


@pytest.mark.parametrize(("component", "resource"), [("controller", "services"), ("gateway", "httptriggers/status")])
async def test_a_service_that_may_not_write_is_refused(confined: Platform, component: str, resource: str) -> None:
    name = f"lacking-{component}"
    body = {"runtime": "python3.11", "handler": "a.b", "function": "x"}
    verb = "create" if component == "controller" else "patch"
    async with make_world(confined, TEAMS[0]) as world:
        with lacking(confined, component, resource, verb) as refused:
            await world.make(FUNCTIONS, name, body, labels={"function": name})
            await world.make(HTTP_TRIGGERS, name, {"function-name": name, "host-name": f"{name}.test"})
            await until(refused)


@contextmanager
def lacking(platform: Platform, component: str, resource: str, verb: str) -> Iterator["Refused"]:
    """Take one verb from the Role of a service in the first namespace; it is given back on leaving."""
    name = service_of(component).name
    path = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{TEAMS[0]}/roles/{name}"
    role = platform.cluster.request("GET", path)
    less = []
    for rule in role["rules"]:
        verbs = [each for each in rule["verbs"] if each != verb or resource not in rule["resources"]]
        less += [{**rule, "verbs": verbs}] if verbs else []
    assert less != role["rules"]
    changed = platform.cluster.request("PUT", path, {**role, "rules": less})
    try:
        while is_allowed(platform, service_account(HOME, name), resource, verb):
            time.sleep(0.05)
        yield Refused(platform, service_account(HOME, name), f"{verb} {resource}.")
    finally:
        platform.cluster.request("PUT", path, {**changed, "rules": role["rules"]})


def is_allowed(platform: Platform, user: str, resource: str, verb: str) -> bool:
    """What the API server makes of the Roles: it hears of changes a moment later."""
    groups = {"deployments": "apps", "endpointslices": "discovery.k8s.io", "services": ""}
    groups["servicemonitors"] = "monitoring.coreos.com"
    plural, _, subresource = resource.partition("/")
    wanted = {"namespace": TEAMS[0], "verb": verb, "group": groups.get(plural, "kubeless.io"), "resource": plural}
    review = {"spec": {"user": user, "resourceAttributes": {**wanted, "subresource": subresource}}}
    path = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
    return bool(platform.cluster.request("POST", path, review)["status"]["allowed"])


class Refused:
    """Whether a user was refused a right since this was made."""

    def __init__(self, platform: Platform, user: str, right: str) -> None:
        self._log = platform.cluster.audit_log
        self._since = self._log.stat().st_size
        self._words = f"{user}: {right}"

    def __call__(self) -> bool:
        found = refusals(read_requests(self._log, self._since))
        return any(each.startswith(self._words) for each in found)
