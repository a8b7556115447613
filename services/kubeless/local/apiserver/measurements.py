"""
The types of `metrics.k8s.io`: what `kubectl top` reads.

Their objects are kept nowhere. Whoever measures makes them when they are asked for, so they can be read and listed and
nothing else. Without anybody who measures the group is not served at all.
https://github.com/kubernetes/metrics/blob/master/pkg/apis/metrics/v1beta1/types.go
"""

from collections.abc import Sequence
from typing import Protocol

from kubeless.core.jsontypes import JsonObject
from kubeless.local.apiserver.resources import ResourceType

_GROUP, _VERSION = "metrics.k8s.io", "v1beta1"
_VERBS = ("get", "list")

POD_METRICS = ResourceType(_GROUP, _VERSION, "pods", "PodMetrics", list_kind="PodMetricsList", verbs=_VERBS)
NODE_METRICS = ResourceType(
    _GROUP, _VERSION, "nodes", "NodeMetrics", namespaced=False, list_kind="NodeMetricsList", verbs=_VERBS
)
MEASURED = (NODE_METRICS, POD_METRICS)


class MetricsSource(Protocol):
    """Whoever measures."""

    def pod_metrics(self) -> Sequence[JsonObject]:
        """A PodMetrics for each pod that was measured, in all namespaces."""

    def node_metrics(self) -> Sequence[JsonObject]:
        """A NodeMetrics for each node."""


def measured_objects(source: MetricsSource, resource: ResourceType, namespace: str) -> list[JsonObject]:
    """The objects of one of these types, in one namespace or ("") in all, by name."""
    found = source.node_metrics() if resource.key == NODE_METRICS.key else source.pod_metrics()
    chosen = (obj for obj in found if namespace in ("", obj["metadata"].get("namespace")))
    return sorted(chosen, key=lambda obj: (obj["metadata"].get("namespace", ""), obj["metadata"]["name"]))
