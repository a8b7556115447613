"""The part of an object's metadata that this project looks at."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from kubeless.core.jsontypes import JsonObject


@dataclass(frozen=True, slots=True)
class Metadata:
    """Name, identity and life of an object. Values the API server guarantees; absent ones are empty."""

    name: str
    namespace: str
    uid: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    generation: int
    """Counts changes of the spec; 0 in an object that never was in a cluster."""
    resource_version: str
    created: datetime | None
    deleting: bool
    """Somebody asked to delete the object and finalizers hold it back."""
    finalizers: tuple[str, ...]

    @staticmethod
    def parse(obj: JsonObject) -> "Metadata":
        """Read `obj["metadata"]`; the Go programs leave `creationTimestamp: null` and other nulls in it."""
        raw = obj.get("metadata") or {}
        return Metadata(
            name=raw.get("name") or "",
            namespace=raw.get("namespace") or "",
            uid=raw.get("uid") or "",
            labels=dict(raw.get("labels") or {}),
            annotations=dict(raw.get("annotations") or {}),
            generation=raw.get("generation") or 0,
            resource_version=raw.get("resourceVersion") or "",
            created=parse_time(raw.get("creationTimestamp")),
            deleting=bool(raw.get("deletionTimestamp")),
            finalizers=tuple(raw.get("finalizers") or ()),
        )


def parse_time(value: str | None) -> datetime | None:
    """A Kubernetes time (RFC 3339, UTC) as an aware datetime; None for null and empty."""
    return datetime.fromisoformat(value) if value else None


def format_time(moment: datetime) -> str:
    """An aware datetime as Kubernetes writes times: UTC, whole seconds, `Z`."""
    return moment.astimezone(tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
