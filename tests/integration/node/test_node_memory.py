"""A container that uses more memory than its limit, and what is known of those that do not."""

import contextlib
import sys
from typing import Any

import aiohttp
import pytest

from kubeless.api.resource import Resource
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.resources import EVENTS
from kubeless.local.node.quantity import parse_quantity

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory is measured in /proc")

POD_METRICS = Resource("metrics.k8s.io", "v1beta1", "pods", "PodMetrics")

HOG = """
kept = []
def run(path):
    if path == "/hog":
        kept.append(bytearray(300 << 20))
    return 200, "kept"
"""

FAMILY = """
import os, time
kept = bytearray(60 << 20)
if os.fork() == 0 or os.fork() == 0:
    time.sleep(1000)
def run(path):
    return 200, "shared"
"""


def limited(memory: str) -> JsonObject:
    container = {"resources": {"limits": {"memory": memory}, "requests": {"memory": memory}}}
    return {"spec": {"template": {"spec": {"containers": [container]}}}}


async def test_a_container_beyond_its_memory_limit_is_killed_told_and_started_again(cluster: Any, http: Any) -> None:
    await cluster.deploy("hog", HOG, deployment=limited("128Mi"))
    (url,) = await cluster.ready("hog")
    with contextlib.suppress(aiohttp.ClientError):
        await http.get(f"{url}/hog")

    async def restarted() -> bool:
        return bool((await cluster.container("hog")).get("restartCount") == 1 and await cluster.endpoints("hog"))

    await cluster.eventually(restarted)
    ended = (await cluster.container("hog"))["lastState"]["terminated"]
    assert (ended["reason"], ended["exitCode"]) == ("OOMKilled", 137)
    events = await cluster.client.list(EVENTS, namespace="default")
    (message,) = [event["message"] for event in events.items if event["reason"] == "OOMKilling"]
    assert "its limit is 128Mi" in message


async def test_pages_that_children_share_count_once(cluster: Any, http: Any) -> None:
    await cluster.deploy("family", FAMILY, deployment=limited("128Mi"))
    (url,) = await cluster.ready("family")

    async def measured() -> list[JsonObject]:
        found: list[JsonObject] = (await cluster.client.list(POD_METRICS, namespace="default")).items
        return found

    (metrics,) = await cluster.eventually(measured)
    used = parse_quantity(metrics["containers"][0]["usage"]["memory"])
    assert 60 << 20 < used < 128 << 20
    answer = await http.get(url)
    assert await answer.text() == "shared"
    assert (await cluster.container("family"))["restartCount"] == 0
