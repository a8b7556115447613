"""What is measured as objects of `metrics.k8s.io/v1beta1`, for `kubectl top`."""

from collections.abc import Iterable

from kubeless.api.metadata import format_time
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.informer import Informer
from kubeless.local.node.usage import Usage, UsageMeter


class NodeMetrics:
    """Makes the objects when they are asked for; see `kubeless.local.apiserver.measurements.MetricsSource`."""

    def __init__(self, name: str, pods: Informer[JsonObject], usage: UsageMeter) -> None:
        """`name` is that of the node."""
        self._name = name
        self._pods = pods
        self._usage = usage

    def pod_metrics(self) -> list[JsonObject]:
        """Every pod whose containers have all been measured."""
        measured = ((pod, self._usage.of_pod(pod["metadata"]["uid"])) for pod in self._pods.values())
        return [
            pod_object(pod, usages)
            for pod, usages in measured
            if all(container["name"] in usages for container in pod["spec"]["containers"])
        ]

    def node_metrics(self) -> list[JsonObject]:
        """This node: the whole machine, with all that runs on it."""
        usage = self._usage.of_machine()
        if usage is None:
            return []
        return [{**_head("NodeMetrics", {"name": self._name}, [usage]), "usage": _amounts(usage)}]


def pod_object(pod: JsonObject, usages: dict[str, Usage]) -> JsonObject:
    """The PodMetrics of a pod, given what its containers use, by name."""
    metadata = {key: pod["metadata"][key] for key in ("name", "namespace", "labels") if key in pod["metadata"]}
    return {
        **_head("PodMetrics", metadata, usages.values()),
        "containers": [{"name": name, "usage": _amounts(usage)} for name, usage in sorted(usages.items())],
    }


def _head(kind: str, metadata: JsonObject, usages: Iterable[Usage]) -> JsonObject:
    newest = max(usages, key=lambda usage: usage.at)
    moment = format_time(newest.at)
    return {
        "kind": kind,
        "apiVersion": "metrics.k8s.io/v1beta1",
        "metadata": {**metadata, "creationTimestamp": moment},
        "timestamp": moment,
        "window": f"{newest.window:.3f}s",
    }


def _amounts(usage: Usage) -> JsonObject:
    return {"cpu": f"{round(usage.cpu * 1e9)}n", "memory": f"{usage.memory >> 10}Ki"}
