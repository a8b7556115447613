"""`metrics.k8s.io`: what `kubectl top` reads."""

import sys
from typing import Any

import pytest

from kubeless.api.resource import Resource
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.errors import KubeError, NotFound
from kubeless.local.apiserver.server import ApiServer
from kubeless.local.node.quantity import parse_quantity

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="usage is measured in /proc")

POD_METRICS = Resource("metrics.k8s.io", "v1beta1", "pods", "PodMetrics")
NODE_METRICS = Resource("metrics.k8s.io", "v1beta1", "nodes", "NodeMetrics", namespaced=False)

BUSY = """
import threading
def burn():
    while True:
        pass
threading.Thread(target=burn, daemon=True).start()
def run(path):
    return 200, "busy"
"""


async def test_what_pods_use_is_listed_selected_and_read_by_name(cluster: Any) -> None:
    await cluster.deploy("busy", BUSY)
    await cluster.deploy("calm", "def run(path):\n    return 200, ''\n")

    async def both() -> dict[str, JsonObject] | None:
        listed = await cluster.client.list(POD_METRICS, namespace="default")
        found = {obj["metadata"]["labels"]["function"]: obj for obj in listed.items}
        return found if len(found) == 2 else None

    found = await cluster.eventually(both)
    cpu = {name: float(parse_quantity(obj["containers"][0]["usage"]["cpu"])) for name, obj in found.items()}
    assert cpu["busy"] > 0.1 > cpu["calm"]
    assert parse_quantity(found["calm"]["containers"][0]["usage"]["memory"]) > 1 << 20

    (selected,) = (await cluster.client.list(POD_METRICS, label_selector="function=calm")).items
    name = selected["metadata"]["name"]
    assert (await cluster.client.get(POD_METRICS, name, namespace="default"))["metadata"]["name"] == name
    assert not (await cluster.client.list(POD_METRICS, namespace="elsewhere")).items
    with pytest.raises(NotFound):
        await cluster.client.get(POD_METRICS, "nobody", namespace="default")


async def test_the_machine_is_measured_as_a_node(cluster: Any) -> None:
    async def measured() -> list[JsonObject]:
        found: list[JsonObject] = (await cluster.client.list(NODE_METRICS)).items
        return found

    (node,) = await cluster.eventually(measured)
    assert node["metadata"]["name"] == "local"
    assert parse_quantity(node["usage"]["memory"]) > 1 << 20


async def test_figures_cannot_be_written(cluster: Any) -> None:
    with pytest.raises(KubeError, match="does not allow this method"):
        await cluster.client.create(POD_METRICS, {"metadata": {"name": "mine", "namespace": "default"}})


async def test_without_anybody_who_measures_the_group_is_not_served(http: Any) -> None:
    async with ApiServer() as server:
        groups = await (await http.get(f"{server.url}/apis")).json()
        assert "metrics.k8s.io" not in {group["name"] for group in groups["groups"]}
        assert (await http.get(f"{server.url}/apis/metrics.k8s.io/v1beta1/nodes")).status == 404
