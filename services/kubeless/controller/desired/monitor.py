"""
The ServiceMonitor of a function: what makes the Prometheus operator collect the function's calls.

An autoscaler that goes by calls needs it; where Prometheus reads annotations the pods carry those anyway.
"""

from kubeless.api.function import Function
from kubeless.controller.desired.autoscaler import watches_requests
from kubeless.controller.desired.ownership import child_metadata, pod_selector
from kubeless.controller.desired.ports import service_ports
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.resources import SERVICE_MONITORS


def desired_monitor(function: Function, autoscaler: JsonObject | None) -> JsonObject | None:
    """The ServiceMonitor (monitoring.coreos.com/v1), or None for a function that is not scaled by its calls."""
    if autoscaler is None or not watches_requests(autoscaler):
        return None
    metadata = child_metadata(function)
    metadata["labels"] = {**metadata["labels"], "service-monitor": "function"}
    return {
        "apiVersion": SERVICE_MONITORS.api_version,
        "kind": SERVICE_MONITORS.kind,
        "metadata": metadata,
        "spec": {
            "selector": {"matchLabels": pod_selector(function)},
            "endpoints": [{**_port(service_ports(function.spec)[0]), "path": "/metrics"}],
        },
    }


def _port(port: JsonObject) -> JsonObject:
    """The port by the name it has in the Service; one without a name is known to its pods only."""
    return {"port": port["name"]} if port.get("name") else {"targetPort": port["targetPort"]}
