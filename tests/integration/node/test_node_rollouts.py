"""Deployments as they change."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from kubeless.core.jsontypes import JsonObject
from kubeless.kube.resources import DEPLOYMENTS, PODS, REPLICA_SETS

if TYPE_CHECKING:
    import aiohttp

    from integration.node.conftest import LocalCluster

VERSION = """
def run(path):
    return 200, "{version}"
"""


async def rolled_out(cluster: LocalCluster, name: str) -> JsonObject:
    """Wait as `kubectl rollout status` does."""

    async def done() -> JsonObject | None:
        deployment = await cluster.client.get(DEPLOYMENTS, name)
        status, wanted = deployment.get("status", {}), deployment["spec"]["replicas"]
        counts = [status.get(key, 0) for key in ("updatedReplicas", "replicas", "availableReplicas")]
        current = status.get("observedGeneration", 0) >= deployment["metadata"]["generation"]
        return deployment if current and counts == [wanted] * 3 else None

    deployment: JsonObject = await cluster.eventually(done)
    return deployment


async def test_a_rolling_update_under_constant_requests_loses_none(
    cluster: LocalCluster, http: aiohttp.ClientSession
) -> None:
    await cluster.deploy("app", VERSION.format(version=1), deployment={"spec": {"replicas": 2}})
    await cluster.ready("app", replicas=2)
    await rolled_out(cluster, "app")
    answers: list[str] = []
    stop = asyncio.Event()

    async def call() -> None:
        while not stop.is_set():
            for url in await cluster.endpoints("app"):
                async with http.get(url) as answer:
                    answers.append(f"{answer.status} {await answer.text()}")

    async with asyncio.TaskGroup() as group:
        group.create_task(call())
        await cluster.deploy("app", VERSION.format(version=2), deployment={"spec": {"replicas": 2}})
        await rolled_out(cluster, "app")
        await cluster.ready("app", replicas=2)
        stop.set()
    assert set(answers) == {"200 1", "200 2"}
    assert answers[-1] == "200 2"


async def test_an_update_that_never_gets_ready_leaves_the_old_pods_serving(
    cluster: LocalCluster, http: aiohttp.ClientSession
) -> None:
    await cluster.deploy("app", VERSION.format(version=1))
    [url] = await cluster.ready("app")
    await cluster.deploy("app", "raise ValueError")

    async def crashes() -> bool:
        return any("CrashLoopBackOff" in str(pod.get("status")) for pod in await cluster.pods("app"))

    await cluster.eventually(crashes)
    async with http.get(url) as answer:
        assert await answer.text() == "1"
    assert await cluster.endpoints("app") == [url]


async def test_scaling_up_and_down_keeps_the_ready_pods(cluster: LocalCluster) -> None:
    await cluster.deploy("app", VERSION.format(version=1))
    [first] = await cluster.ready("app")
    scale = {"spec": {"replicas": 3}}
    await cluster.client.patch(DEPLOYMENTS, "app", scale, subresource="scale")
    urls = await cluster.ready("app", replicas=3)
    assert first in urls
    await cluster.client.patch(DEPLOYMENTS, "app", {"spec": {"replicas": 0}}, subresource="scale")
    await cluster.ready("app", replicas=0)

    async def no_pods() -> bool:
        return not await cluster.pods("app")

    await cluster.eventually(no_pods)


async def test_a_rollback_reuses_the_old_replica_set_under_a_new_revision(cluster: LocalCluster) -> None:
    first = await cluster.deploy("app", VERSION.format(version=1))
    await rolled_out(cluster, "app")
    await cluster.deploy("app", VERSION.format(version=2))
    await rolled_out(cluster, "app")
    await cluster.client.patch(DEPLOYMENTS, "app", {"spec": {"template": first["spec"]["template"]}})
    deployment = await rolled_out(cluster, "app")
    sets = (await cluster.client.list(REPLICA_SETS, namespace="default")).items
    assert len(sets) == 2
    assert deployment["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "3"


async def test_recreate_ends_all_old_pods_before_a_new_one_starts(cluster: LocalCluster) -> None:
    await cluster.deploy("app", VERSION.format(version=1))
    await cluster.ready("app")
    strategy = {"type": "Recreate", "rollingUpdate": None}
    await cluster.client.patch(DEPLOYMENTS, "app", {"spec": {"strategy": strategy}})
    [old] = await cluster.pods("app")
    together = False

    async def replaced() -> bool:
        nonlocal together
        names = {pod["metadata"]["name"] for pod in await cluster.pods("app")}
        together = together or len(names) > 1
        return bool(names) and old["metadata"]["name"] not in names

    template = {"metadata": {"annotations": {"restarted": "yes"}}}
    await cluster.client.patch(DEPLOYMENTS, "app", {"spec": {"template": template}})
    await cluster.eventually(replaced)
    assert not together


async def test_a_deleted_pod_is_replaced(cluster: LocalCluster) -> None:
    await cluster.deploy("app", VERSION.format(version=1))
    await cluster.ready("app")
    [pod] = await cluster.pods("app")
    await cluster.client.delete(PODS, pod["metadata"]["name"])

    async def replaced() -> bool:
        names = {other["metadata"]["name"] for other in await cluster.pods("app")}
        return len(names) == 1 and pod["metadata"]["name"] not in names

    await cluster.eventually(replaced)
    await cluster.ready("app")
