"""
What a cluster has before anybody creates anything: its namespaces and its one node.
"""

import platform

from kubeless.core.jsontypes import JsonObject
from kubeless.local.apiserver.cluster import Cluster, key_of
from kubeless.local.apiserver.discovery import VERSION
from kubeless.local.apiserver.resources import NAMESPACES, NODES
from kubeless.local.apiserver.rest.create import create
from kubeless.local.apiserver.rest.options import WriteOptions
from kubeless.local.apiserver.rest.update import Update, write

_NAMESPACES = ("default", "kube-system", "kubeless")
NODE = "local"
_OPTIONS = WriteOptions(manager="kubeless-local", explicit_manager=True)


def bootstrap(cluster: Cluster) -> None:
    """Create what is missing."""
    for name in _NAMESPACES:
        if cluster.store.get(key_of(NAMESPACES, "", name)) is None:
            create(cluster, NAMESPACES, "", {"metadata": {"name": name}}, _OPTIONS)
    key = key_of(NODES, "", NODE)
    if cluster.store.get(key) is None:
        labels = {"kubernetes.io/hostname": NODE, "kubernetes.io/os": platform.system().lower()}
        create(cluster, NODES, "", {"metadata": {"name": NODE, "labels": labels}, "spec": {}}, _OPTIONS)
    node = cluster.store.get(key)
    if node is not None:
        body = {**node.object, "status": _node_status(cluster.timestamp())}
        write(cluster, Update(NODES, node, _OPTIONS, "status"), body)


def _node_status(now: str) -> JsonObject:
    return {
        "conditions": [
            {
                "type": "Ready",
                "status": "True",
                "reason": "LocalMode",
                "message": "functions run as processes of this machine",
                "lastHeartbeatTime": now,
                "lastTransitionTime": now,
            }
        ],
        "addresses": [
            {"type": "InternalIP", "address": "127.0.0.1"},
            {"type": "Hostname", "address": NODE},
        ],
        "nodeInfo": {
            "architecture": platform.machine(),
            "bootID": "",
            "containerRuntimeVersion": "process://1",
            "kernelVersion": platform.release(),
            "kubeProxyVersion": "",
            "kubeletVersion": VERSION["gitVersion"],
            "machineID": "",
            "operatingSystem": platform.system().lower(),
            "osImage": platform.platform(),
            "systemUUID": "",
        },
    }
