"""
What every part of the server works on: the stored objects, the served types, and the clock.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from kubeless.local.apiserver.cluster_ip import ClusterAddresses
from kubeless.local.apiserver.registry import Registry
from kubeless.local.apiserver.resources import ResourceType
from kubeless.local.apiserver.storage.record import Key
from kubeless.local.apiserver.storage.store import Store


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Cluster:
    store: Store
    registry: Registry
    now: Callable[[], datetime] = utc_now
    addresses: ClusterAddresses = field(default_factory=ClusterAddresses)

    def timestamp(self) -> str:
        """The current time as Kubernetes writes it, in whole seconds."""
        return rfc3339(self.now())


def rfc3339(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def key_of(resource: ResourceType, namespace: str, name: str) -> Key:
    return Key(resource.key, namespace if resource.namespaced else "", name)
