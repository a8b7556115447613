"""
The addresses behind a function's Service, from EndpointSlices (discovery.k8s.io/v1).

Only endpoints that are ready and not terminating count; a missing `ready` means ready, as the API says. A Service may
have many slices, and with two address families each pod is listed once per family, so one family is chosen.
"""

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from kubeless.core.jsontypes import JsonObject

SERVICE_LABEL = "kubernetes.io/service-name"
SELECTOR = "created-by=kubeless"
"""Kubernetes copies a Service's labels to its slices, and all Services of functions have this one."""

PORT_NAME = "http-function-port"
"""The port our controller and CLI give to functions; a hand-written `spec.service` may name others."""

FAMILIES = ("IPv4", "IPv6")


class Endpoint(NamedTuple):
    """Where one pod of a function listens (or, in service mode, its Service)."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class SliceRecord:
    """The usable part of an EndpointSlice."""

    namespace: str
    service: str
    family: str
    endpoints: tuple[Endpoint, ...]


def record_slice(obj: JsonObject) -> SliceRecord | None:
    """Keep the ready addresses of an EndpointSlice; None for a slice that belongs to no Service or has no TCP port."""
    metadata = obj["metadata"]
    service = (metadata.get("labels") or {}).get(SERVICE_LABEL)
    port = _port(obj.get("ports") or ())
    family = obj.get("addressType")
    if not service or port is None or family not in FAMILIES:
        return None
    endpoints = tuple(
        Endpoint(address, port)
        for endpoint in obj.get("endpoints") or ()
        if is_usable(endpoint.get("conditions") or {})
        for address in endpoint.get("addresses") or ()
    )
    return SliceRecord(metadata.get("namespace") or "", service, family, endpoints)


def is_usable(conditions: JsonObject) -> bool:
    """Whether new requests may go to an endpoint with these conditions."""
    return conditions.get("ready") is not False and not conditions.get("terminating")


def by_service(record: SliceRecord) -> Iterator[Hashable]:
    """Index slices by (namespace, Service)."""
    yield record.namespace, record.service


def merge(slices: Iterable[SliceRecord]) -> tuple[Endpoint, ...]:
    """The endpoints of all slices of one Service, each once, of the first family that has any."""
    known = list(slices)
    for family in FAMILIES:
        # A pod moves between slices by appearing in the new one before it leaves the old one.
        endpoints = dict.fromkeys(
            endpoint for record in known if record.family == family for endpoint in record.endpoints
        )
        if endpoints:
            return tuple(endpoints)
    return ()


def _port(ports: Iterable[Any]) -> int | None:
    numbers = {
        port.get("name") or "": port["port"]
        for port in reversed(list(ports))
        if port.get("protocol", "TCP") == "TCP" and isinstance(port.get("port"), int)
    }
    return numbers.get(PORT_NAME, next(reversed(numbers.values()), None))
