"""What tests of admin operations need of a cluster: functions to redrive to, and the Service of a controller."""

from dataclasses import dataclass, field

from kubeless.core.event import Event
from kubeless.core.jsontypes import JsonObject
from kubeless.delivery.admin.names import PORT
from kubeless.delivery.outcome import Answer
from kubeless.kube.cache import ObjectKey
from kubeless.kube.client import KubeClient
from kubeless.kube.resources import ENDPOINT_SLICES, SERVICES
from kubeless.routing.functions import FunctionRecord

KUBELESS = "kubeless"


@dataclass(slots=True)
class Functions:
    """What the functions answer, and what they were sent."""

    status: dict[str, int] = field(default_factory=dict)
    """By function: the status of every answer; 200 for others."""
    gone: set[str] = field(default_factory=set)
    known: bool = True
    """Whether the service knows its functions yet."""
    events: list[tuple[str, Event]] = field(default_factory=list)

    async def send(self, event: Event, function: ObjectKey, timeout: float) -> Answer:
        self.events.append((function.name, event))
        status = self.status.get(function.name, 200)
        return Answer(status, "" if status < 300 else f"answered {status}")

    def record(self, namespace: str, name: str) -> FunctionRecord | None:
        if name in self.gone:
            return None
        return FunctionRecord(namespace, name, {}, 180.0, 8080, 1)


async def add_service(client: KubeClient, name: str, port: int) -> None:
    """The Service of a controller whose admin port is `port` here, as in a cluster and in local mode."""
    metadata: JsonObject = {"name": name, "namespace": KUBELESS}
    spec = {"ports": [{"name": PORT, "port": 8091}]}
    await client.create(SERVICES, {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec})
    labels = {"kubernetes.io/service-name": name}
    await client.create(
        ENDPOINT_SLICES,
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": metadata | {"labels": labels},
            "addressType": "IPv4",
            "endpoints": [{"addresses": ["127.0.0.1"], "conditions": {"ready": True}}],
            "ports": [{"name": PORT, "port": port}],
        },
    )
