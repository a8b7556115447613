"""
The cluster address of a Service: given when it is created, kept when an update leaves it out.
"""

from kubeless.core.jsontypes import JsonObject
from kubeless.local.apiserver.cluster import Cluster
from kubeless.local.apiserver.resources import SERVICES, ResourceType

_FIELDS = ("clusterIP", "clusterIPs")


def with_address(cluster: Cluster, obj: JsonObject, current: JsonObject | None, resource: ResourceType) -> JsonObject:
    """The object, with an address if it is a Service that needs one and has none. `current` is what it replaces."""
    spec = obj.get("spec")
    if resource.key != SERVICES.key or not isinstance(spec, dict):
        return obj
    if spec.get("clusterIP"):
        cluster.addresses.reserve(str(spec["clusterIP"]))
        return obj
    if spec.get("type", "ClusterIP") == "ExternalName":
        return obj
    before = (current or {}).get("spec") or {}
    kept = {name: before[name] for name in _FIELDS if before.get(name)}
    if not kept:
        address = cluster.addresses.take(lambda: _used(cluster))
        kept = {"clusterIP": address, "clusterIPs": [address]}
    return {**obj, "spec": {**spec, **kept}}


def _used(cluster: Cluster) -> set[str]:
    return {
        str(address)
        for record in cluster.store.objects(SERVICES.key)
        for address in (record.object.get("spec") or {}).get("clusterIPs") or ()
    }
