"""
A kubelet that runs nothing: it says of every pod that it runs, at an address where a test listens.

The API server takes no loopback address for a pod, so tests listen on an address of the machine's own.
"""

import asyncio
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, contextmanager, suppress
from pathlib import Path

from kubeless.api.resource import Resource
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.client import KubeClient
from kubeless.kube.errors import AlreadyExists, Conflict, KubeError, NotFound
from kubeless.kube.resources import NODES, PODS

NODE = "hand"
_BINDINGS = Resource("", "v1", "bindings", "Binding")
_SINCE = "2026-01-01T00:00:00Z"


def machine_address() -> str | None:
    """An address of this machine that is not loopback; None if it has none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.254", 9))  # sends nothing; the system chooses the way it would go
        except OSError:
            return None
        address = str(probe.getsockname()[0])
    return None if address.startswith("127.") else address


@contextmanager
def hand_kubelet(kubeconfig: Path, address: str) -> Iterator[None]:
    """Let the pods of all namespaces run at `address` while entered; it has a thread and a loop of its own."""
    stopped = threading.Event()

    async def work() -> None:
        async with await KubeClient.connect(kubeconfig=str(kubeconfig)) as client:
            await _follow(client, address, stopped)

    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(asyncio.run, work())
        try:
            yield
        finally:
            stopped.set()
            running.result()


async def _follow(client: KubeClient, address: str, stopped: threading.Event) -> None:
    while not stopped.is_set():
        try:
            with suppress(AlreadyExists):
                await client.create(NODES, {"metadata": {"name": NODE}})
            await _follow_pods(client, address, stopped)
        except KubeError:
            await asyncio.sleep(0.1)  # the API server is away, or just back


async def _follow_pods(client: KubeClient, address: str, stopped: threading.Event) -> None:
    pods = await client.list(PODS)
    for pod in pods.items:
        await _handle(client, pod, address)
    version = pods.resource_version
    while not stopped.is_set():
        async with aclosing(client.watch(PODS, resource_version=version, timeout=1)) as events:
            async for event in events:
                version = event.object["metadata"]["resourceVersion"]
                if event.type in ("ADDED", "MODIFIED"):
                    await _handle(client, event.object, address)


async def _handle(client: KubeClient, pod: JsonObject, address: str) -> None:
    with suppress(NotFound, Conflict):
        if "deletionTimestamp" in pod["metadata"]:
            await _end(client, pod)
        elif "nodeName" not in pod["spec"]:
            await _bind(client, pod)
        elif "podIP" not in pod.get("status", {}):
            await _run(client, pod, address)


async def _end(client: KubeClient, pod: JsonObject) -> None:
    metadata = pod["metadata"]
    await client.delete(PODS, metadata["name"], namespace=metadata["namespace"], grace_period=0)


async def _bind(client: KubeClient, pod: JsonObject) -> None:
    """As the scheduler does."""
    metadata = {"name": pod["metadata"]["name"], "namespace": pod["metadata"]["namespace"]}
    target = {"apiVersion": "v1", "kind": "Node", "name": NODE}
    await client.create(_BINDINGS, {"metadata": metadata, "target": target})


async def _run(client: KubeClient, pod: JsonObject, address: str) -> None:
    metadata = pod["metadata"]
    status = {"status": _running(pod["spec"], address)}
    await client.patch(PODS, metadata["name"], status, namespace=metadata["namespace"], subresource="status")


def _running(spec: JsonObject, address: str) -> JsonObject:
    """The status of a pod all of whose containers work."""
    kinds = ("PodScheduled", "Initialized", "ContainersReady", "Ready")
    done = {"terminated": {"exitCode": 0, "reason": "Completed", "startedAt": _SINCE, "finishedAt": _SINCE}}
    inits = [_container(each, done) for each in spec.get("initContainers", ())]
    mains = [_container(each, {"running": {"startedAt": _SINCE}}) for each in spec["containers"]]
    return {
        "phase": "Running",
        "hostIP": address,
        "podIP": address,
        "podIPs": [{"ip": address}],
        "startTime": _SINCE,
        "conditions": [{"type": kind, "status": "True", "lastTransitionTime": _SINCE} for kind in kinds],
        "initContainerStatuses": inits,
        "containerStatuses": mains,
    }


def _container(container: JsonObject, state: JsonObject) -> JsonObject:
    return {
        "name": container["name"],
        "image": container["image"],
        "imageID": container["image"],
        "restartCount": 0,
        "ready": True,
        "started": "running" in state,
        "state": state,
    }
