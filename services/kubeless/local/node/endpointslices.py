"""
What a Service's pods make into its EndpointSlices and Endpoints: pure functions.

A slice holds endpoints that have the same ports; pods that listen on different ones (named ports, or the ports that
stand in where pods share an address) get a slice each. Names follow from the Service, so writing is repeatable.
"""

import hashlib
from collections.abc import Sequence

from kubeless.core.jsontypes import JsonObject
from kubeless.kube.resources import SERVICES
from kubeless.local.node.addresses import annotated_ports
from kubeless.local.node.owners import controller_reference
from kubeless.local.node.podreadiness import is_ready

SERVICE_NAME = "kubernetes.io/service-name"
MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
MANAGER = "endpointslice-controller.k8s.io"

Ports = tuple[tuple[str, int, str], ...]
"""Name, number and protocol of each port."""


def selects(service: JsonObject, pod: JsonObject) -> bool:
    """Whether the Service's selector matches the pod; a Service without one matches nothing."""
    selector = service["spec"].get("selector") or {}
    labels = pod["metadata"].get("labels") or {}
    return bool(selector) and all(labels.get(name) == value for name, value in selector.items())


def has_endpoint(pod: JsonObject) -> bool:
    """Whether the pod can be an endpoint at all: it has an address and is not over."""
    status = pod.get("status") or {}
    return bool(status.get("podIP")) and status.get("phase") not in ("Succeeded", "Failed")


def pod_ports(service: JsonObject, pod: JsonObject) -> Ports:
    """The Service's ports as this pod listens on them; a named port that the pod has not is left out."""
    stand_ins = annotated_ports(pod)
    found = []
    for port in service["spec"].get("ports") or []:
        protocol = str(port.get("protocol") or "TCP")
        number = _target(port, pod, protocol)
        if number is not None:
            found.append((str(port.get("name") or ""), stand_ins.get(number, number), protocol))
    return tuple(found)


def _target(port: JsonObject, pod: JsonObject, protocol: str) -> int | None:
    target = port.get("targetPort") or port.get("port")
    if isinstance(target, int):
        return target
    for container in pod["spec"].get("containers") or []:
        for declared in container.get("ports") or []:
            if declared.get("name") == target and (declared.get("protocol") or "TCP") == protocol:
                return int(declared["containerPort"])
    return int(target) if isinstance(target, str) and target.isdigit() else None


def make_slices(service: JsonObject, pods: Sequence[JsonObject]) -> list[JsonObject]:
    """The EndpointSlices that the Service should have; one without endpoints if no pod matches."""
    groups: dict[Ports, list[JsonObject]] = {}
    for pod in _sorted(pods):
        groups.setdefault(pod_ports(service, pod), []).append(_endpoint(service, pod))
    if not groups:
        groups[()] = []
    return [_slice(service, number, ports, groups[ports]) for number, ports in enumerate(sorted(groups))]


def _slice(service: JsonObject, number: int, ports: Ports, endpoints: list[JsonObject]) -> JsonObject:
    metadata = service["metadata"]
    digest = hashlib.sha256(f"{metadata['uid']}/{number}".encode()).hexdigest()
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": f"{metadata['name']}-{digest[:5]}",
            "namespace": metadata["namespace"],
            "labels": {**(metadata.get("labels") or {}), SERVICE_NAME: metadata["name"], MANAGED_BY: MANAGER},
            "ownerReferences": [controller_reference(service, SERVICES)],
        },
        "addressType": "IPv4",
        "endpoints": endpoints,
        "ports": [{"name": name, "port": port, "protocol": protocol} for name, port, protocol in ports],
    }


def _endpoint(service: JsonObject, pod: JsonObject) -> JsonObject:
    terminating = bool(pod["metadata"].get("deletionTimestamp"))
    serving = is_ready(pod)
    anyway = bool(service["spec"].get("publishNotReadyAddresses"))
    return {
        "addresses": [pod["status"]["podIP"]],
        "conditions": {
            "ready": anyway or (serving and not terminating),
            "serving": serving,
            "terminating": terminating,
        },
        "nodeName": pod["spec"].get("nodeName") or "",
        "targetRef": _reference(pod),
    }


def make_endpoints(service: JsonObject, pods: Sequence[JsonObject]) -> JsonObject:
    """The Endpoints object of the Service, for those who still read it; pods that are ending are not in it."""
    anyway = bool(service["spec"].get("publishNotReadyAddresses"))
    groups: dict[Ports, dict[str, list[JsonObject]]] = {}
    for pod in _sorted(pods):
        if pod["metadata"].get("deletionTimestamp") and not anyway:
            continue
        subset = groups.setdefault(pod_ports(service, pod), {})
        address = {
            "ip": pod["status"]["podIP"],
            "nodeName": pod["spec"].get("nodeName") or "",
            "targetRef": _reference(pod),
        }
        subset.setdefault("addresses" if anyway or is_ready(pod) else "notReadyAddresses", []).append(address)
    metadata = service["metadata"]
    return {
        "apiVersion": "v1",
        "kind": "Endpoints",
        "metadata": {
            "name": metadata["name"],
            "namespace": metadata["namespace"],
            "labels": {**(metadata.get("labels") or {}), "endpoints.kubernetes.io/managed-by": "endpoint-controller"},
            "ownerReferences": [controller_reference(service, SERVICES)],
        },
        "subsets": [
            {**addresses, "ports": [_named(name, number, protocol) for name, number, protocol in ports]}
            for ports, addresses in groups.items()
            if ports
        ],
    }


def _named(name: str, number: int, protocol: str) -> JsonObject:
    return {**({"name": name} if name else {}), "port": number, "protocol": protocol}


def _reference(pod: JsonObject) -> JsonObject:
    metadata = pod["metadata"]
    return {"kind": "Pod", "name": metadata["name"], "namespace": metadata["namespace"], "uid": metadata["uid"]}


def _sorted(pods: Sequence[JsonObject]) -> list[JsonObject]:
    return sorted(pods, key=lambda pod: str(pod["metadata"]["name"]))
