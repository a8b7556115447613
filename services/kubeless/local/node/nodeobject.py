"""The Node object, so that `kubectl get nodes` and `kubectl describe node` show where pods run."""

import os
import platform
from contextlib import suppress
from datetime import UTC, datetime

import structlog

from kubeless.api.metadata import format_time
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.client import KubeClient
from kubeless.kube.errors import AlreadyExists, KubeError, NotFound
from kubeless.kube.resources import NODES
from kubeless.local.apiserver.discovery import VERSION
from kubeless.local.node.podworker import HOST_IP

log = structlog.get_logger(__name__)

_MOST_PODS = 250


def make_node(name: str, *, now: datetime) -> JsonObject:
    """The Node of this machine, ready."""
    moment = format_time(now)
    ready = {
        "type": "Ready",
        "status": "True",
        "reason": "KubeletReady",
        "message": "pods run as processes of this machine",
        "lastHeartbeatTime": moment,
        "lastTransitionTime": moment,
    }
    amounts = {"cpu": str(os.cpu_count() or 1), "memory": f"{_memory_bytes() // 1024}Ki", "pods": str(_MOST_PODS)}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "labels": {
                "kubernetes.io/hostname": name,
                "kubernetes.io/os": platform.system().lower(),
                "kubernetes.io/arch": {"x86_64": "amd64", "aarch64": "arm64"}.get(
                    platform.machine(), platform.machine()
                ),
            },
        },
        "spec": {},
        "status": {
            "capacity": amounts,
            "allocatable": amounts,
            "conditions": [ready],
            "addresses": [{"type": "InternalIP", "address": HOST_IP}, {"type": "Hostname", "address": name}],
            "nodeInfo": {
                "operatingSystem": platform.system().lower(),
                "architecture": platform.machine(),
                "kernelVersion": platform.release(),
                "osImage": platform.platform(terse=True),
                "containerRuntimeVersion": "process://1",
                "kubeletVersion": VERSION["gitVersion"],
                "kubeProxyVersion": "",
                "bootID": "",
                "machineID": "",
                "systemUUID": "",
            },
        },
    }


async def register(client: KubeClient, name: str) -> None:
    """Write the Node; a server that has no nodes goes without."""
    node = make_node(name, now=datetime.now(UTC))
    try:
        with suppress(AlreadyExists):
            await client.create(NODES, node)
        await client.patch(NODES, name, {"status": node["status"]}, subresource="status")
    except NotFound:
        log.debug("the API has no nodes")
    except KubeError as error:
        log.warning("node not registered", error=str(error))


def _memory_bytes() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return 0
