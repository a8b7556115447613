"""
Names in the cluster for what listens on this machine.

The platform's own services are no pods here. A Service without a selector and an EndpointSlice by hand make their admin
ports reachable in the way they are on a cluster, through the API server's service proxy.
"""

from kubeless.core.jsontypes import JsonObject
from kubeless.kube.client import KubeClient
from kubeless.kube.resources import ENDPOINT_SLICES, SERVICES

NAMESPACE = "kubeless"
"""Where Kubeless itself lives on a cluster."""

_FIELD_MANAGER = "kubeless-local"
_ADMIN = "admin"


async def publish_admin_port(client: KubeClient, service: str, *, host: str, port: int) -> None:
    """Make `http://<host>:<port>` the port `admin` of the Service `service`, whatever an earlier platform said."""
    for resource, body in ((SERVICES, _service(service, port)), (ENDPOINT_SLICES, _slice(service, host, port))):
        await client.apply(resource, body, namespace=NAMESPACE, field_manager=_FIELD_MANAGER, force=True)


def _service(name: str, port: int) -> JsonObject:
    return {
        "apiVersion": SERVICES.api_version,
        "kind": SERVICES.kind,
        "metadata": {"name": name, "namespace": NAMESPACE, "labels": {"kubeless": name}},
        "spec": {"ports": [{"name": _ADMIN, "port": port, "targetPort": port, "protocol": "TCP"}]},
    }


def _slice(name: str, host: str, port: int) -> JsonObject:
    return {
        "apiVersion": ENDPOINT_SLICES.api_version,
        "kind": ENDPOINT_SLICES.kind,
        "metadata": {
            "name": f"{name}-local",
            "namespace": NAMESPACE,
            "labels": {"kubernetes.io/service-name": name, "kubeless": name},
        },
        "addressType": "IPv4",
        "endpoints": [{"addresses": [host], "conditions": {"ready": True}}],
        "ports": [{"name": _ADMIN, "port": port, "protocol": "TCP"}],
    }
