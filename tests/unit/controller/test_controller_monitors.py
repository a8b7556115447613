"""ServiceMonitors are made as soon as the cluster knows and allows them, whatever it said before."""

import asyncio
from collections.abc import AsyncGenerator
from functools import partial
from typing import Any

import pytest

from kubeless.api.resource import Resource
from kubeless.controller.monitors import Monitors
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.client import Page
from kubeless.kube.errors import Forbidden, KubeError, NotFound, Unreachable
from kubeless.kube.resources import CRDS, SERVICE_MONITORS
from kubeless.kube.watch import WatchEvent
from support import virtualtime
from support.kafkaworld import until

DEFINITION: JsonObject = {
    "metadata": {"name": SERVICE_MONITORS.qualified_name, "resourceVersion": "1"},
    "spec": {"versions": [{"name": "v1", "served": True}]},
    "status": {"conditions": [{"type": "Established", "status": "True"}]},
}


class Cluster:
    """Knows the definition and no objects; `refusals` are the answers to the first questions."""

    def __init__(self, *refusals: KubeError, confined: bool = False) -> None:
        self.refusals = list(refusals)
        self.confined = confined
        self.asked: list[tuple[str, str | None]] = []

    async def list_page(self, resource: Resource, *, namespace: str | None, **_: Any) -> Page:
        self.asked.append((resource.plural, namespace))
        if self.refusals:
            raise self.refusals.pop(0)
        if self.confined and (resource == CRDS or namespace is None):
            raise Forbidden("not in all of the cluster")
        return Page([DEFINITION] if resource == CRDS else [], "1", "", 100)

    async def watch(self, resource: Resource, **_: Any) -> AsyncGenerator[WatchEvent, None]:
        await asyncio.Event().wait()
        yield WatchEvent("BOOKMARK", {})


def is_available(monitors: Monitors, wanted: bool) -> bool:
    return monitors.available is wanted


def seconds_until_available(cluster: Cluster, *namespaces: str) -> float:
    """How long it takes until ServiceMonitors can be made, as the functions are told."""

    async def measure() -> float:
        monitors = Monitors(cluster, namespaces=namespaces)
        arrived = asyncio.Event()
        monitors.subscribe(lambda _: None, arrived.set)
        async with asyncio.timeout(3600), monitors.running():
            await arrived.wait()
            assert monitors.available
            return asyncio.get_running_loop().time()

    return virtualtime.run(measure())


@pytest.mark.parametrize("refusal", [Forbidden, Unreachable], ids=["forbidden", "unreachable"])
def test_a_refusal_at_the_start_is_waited_out(refusal: type[KubeError]) -> None:
    assert seconds_until_available(Cluster(refusal("not yet"), refusal("not yet"))) < 10


def test_who_may_never_read_definitions_asks_ever_less() -> None:
    cluster = Cluster(confined=True)
    with pytest.raises(TimeoutError):
        seconds_until_available(cluster)
    assert 30 < len(cluster.asked) < 400


def test_who_is_confined_to_namespaces_asks_for_nothing_of_the_cluster() -> None:
    cluster = Cluster(confined=True)
    assert seconds_until_available(cluster, "team-a", "team-b") < 1
    assert {namespace for _, namespace in cluster.asked} == {"team-a", "team-b"}
    assert {plural for plural, _ in cluster.asked} == {"servicemonitors"}


def test_who_is_confined_to_namespaces_notices_an_operator_within_a_minute_or_so() -> None:
    assert seconds_until_available(Cluster(NotFound("no such kind"), confined=True), "team-a") <= 61


def test_a_kind_that_goes_takes_its_objects_along_and_may_come_back() -> None:
    cluster = Cluster(confined=True)

    async def go_and_come_back() -> None:
        monitors = Monitors(cluster, namespaces=("team-a",))
        async with asyncio.timeout(3600), monitors.running():
            for there in (True, False, True):
                if not there:
                    cluster.refusals.append(NotFound("no such kind"))
                await until(partial(is_available, monitors, there), deadline=300)

    virtualtime.run(go_and_come_back())
