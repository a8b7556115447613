"""What is kept of a KafkaTrigger, whatever somebody wrote into it."""

from dataclasses import dataclass

from kubeless.api.kafkatrigger import KafkaTriggerSpec, parse_kafka_trigger
from kubeless.api.metadata import Metadata
from kubeless.core.errors import InvalidInput
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.cache import ObjectKey

FINALIZER = "kubeless.io/kafkatrigger"
"""Put on every trigger by the Go controller, which waited for its consumers to end."""


@dataclass(frozen=True, slots=True)
class TriggerRecord:
    """A trigger as this service sees it."""

    metadata: Metadata
    spec: KafkaTriggerSpec | None
    """None: it cannot be used, see `problem`."""
    problem: str
    status: JsonObject

    @property
    def key(self) -> ObjectKey:
        """Namespace and name."""
        return ObjectKey(self.metadata.namespace, self.metadata.name)

    @property
    def created(self) -> float:
        """Seconds since the Unix epoch; 0: unknown."""
        return self.metadata.created.timestamp() if self.metadata.created else 0.0


def read_trigger(obj: JsonObject) -> TriggerRecord:
    """The informer's transform; it never fails."""
    metadata = Metadata.parse(obj)
    status = obj.get("status") or {}
    try:
        return TriggerRecord(metadata, parse_kafka_trigger(obj).spec, "", status)
    except InvalidInput as error:
        return TriggerRecord(metadata, None, str(error), status)
