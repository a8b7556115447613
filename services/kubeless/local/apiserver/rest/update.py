"""
Replace an object: what PUT, every kind of patch, and the status and scale sub-resources have in common.
"""

from dataclasses import dataclass

from kubeless.core.jsontypes import JsonObject
from kubeless.local.apiserver import managed_fields
from kubeless.local.apiserver.cluster import Cluster
from kubeless.local.apiserver.custom import initial_status
from kubeless.local.apiserver.problems import invalid as invalid_field
from kubeless.local.apiserver.resources import CRDS, NODES, PODS, ResourceType
from kubeless.local.apiserver.rest.admit import check_fields, check_rules, fill_defaults
from kubeless.local.apiserver.rest.list_keys import keys_of
from kubeless.local.apiserver.rest.metadata import check_type, continued, counts_generations, placed, same_content
from kubeless.local.apiserver.rest.options import WriteOptions
from kubeless.local.apiserver.rest.outcome import Outcome, stored_as
from kubeless.local.apiserver.rest.service_address import with_address
from kubeless.local.apiserver.status import invalid
from kubeless.local.apiserver.storage.record import Record

_METADATA_WITH_STATUS = {PODS.key, NODES.key}
"""Kinds whose node may label and annotate them along with their status."""


@dataclass(frozen=True, slots=True)
class Update:
    """A write to an existing object. `subresource` is "", "status" or "scale"; see `create` for `track`."""

    resource: ResourceType
    old: Record
    options: WriteOptions
    subresource: str = ""
    track: bool = True


def replace(cluster: Cluster, update: Update, body: JsonObject) -> Outcome:
    """
    PUT: the client says what the whole object shall be.

    Raises:
        ApiError: as `write`; 422 if a custom object carries no resourceVersion.
    """
    metadata = body.get("metadata")
    if update.resource.custom and isinstance(metadata, dict) and not metadata.get("resourceVersion"):
        problem = invalid_field("metadata.resourceVersion", 0, "must be specified for an update")
        raise invalid(update.resource, update.old.key.name, [problem])
    return write(cluster, update, body)


def write(cluster: Cluster, update: Update, body: JsonObject) -> Outcome:
    """
    Store `body` as the new version of an object, or find that nothing changes.

    Raises:
        ApiError: 400, 409 or 422.
    """
    resource, options = update.resource, update.options
    current = update.old.view(resource.api_version)
    obj = placed(check_type(body, resource), resource, update.old.key.namespace)
    obj = continued(obj, current, resource)
    obj = _only_subresource(obj, current, update)
    obj, warnings = check_fields(obj, resource, options.validation)
    obj = with_address(cluster, fill_defaults(obj, resource), current, resource)
    check_rules(obj, current, resource)
    if resource.key == CRDS.key and not update.subresource:
        obj = {**obj, "status": initial_status({**obj, "status": current.get("status")}, cluster.timestamp())}
    if _unchanged(obj, current, update):
        return Outcome(current, update.old, warnings=tuple(warnings))
    obj = _counted(obj, current, resource)
    if update.track:
        obj = managed_fields.record_update(
            current,
            obj,
            manager=options.manager,
            now=cluster.timestamp(),
            subresource=update.subresource,
            keys=keys_of(resource),
            api_version=resource.api_version,
        )
    if options.dry_run:
        return Outcome(obj, warnings=tuple(warnings))
    record = store_update(cluster, update.old, stored_as(obj, cluster.registry.storage_version(resource)))
    return Outcome(record.view(resource.api_version), record, warnings=tuple(warnings))


def store_update(cluster: Cluster, old: Record, obj: JsonObject) -> Record:
    """Store a new version; an object that only waited for its last finalizer to go is gone then."""
    record = cluster.store.put(old.key, obj)
    return cluster.store.remove(old.key) if _finished(record.object["metadata"]) else record


def _finished(metadata: JsonObject) -> bool:
    waits = metadata.get("finalizers") or metadata.get("deletionGracePeriodSeconds")
    return "deletionTimestamp" in metadata and not waits


def _only_subresource(obj: JsonObject, current: JsonObject, update: Update) -> JsonObject:
    """Writes to an object leave its status alone, and writes to its status leave everything else alone."""
    if update.subresource == "status":
        metadata = obj["metadata"] if update.resource.key in _METADATA_WITH_STATUS else current["metadata"]
        metadata = {**metadata, "managedFields": obj["metadata"].get("managedFields")}
        return _with_status({**current, "metadata": metadata}, obj.get("status"))
    return _with_status(obj, current.get("status")) if update.resource.has_status else obj


def _with_status(obj: JsonObject, status: object) -> JsonObject:
    rest = {name: value for name, value in obj.items() if name != "status"}
    return rest if status is None else {**rest, "status": status}


def _unchanged(obj: JsonObject, current: JsonObject, update: Update) -> bool:
    """Nothing but times in managedFields differs, so that writing again and again does not wake every watcher."""
    if _without_managed(obj) != _without_managed(current):
        return False
    return update.track or _timeless(obj) == _timeless(current)


def _without_managed(obj: JsonObject) -> JsonObject:
    metadata = {name: value for name, value in obj["metadata"].items() if name != "managedFields"}
    return {**obj, "metadata": metadata}


def _timeless(obj: JsonObject) -> list[JsonObject]:
    entries = obj["metadata"].get("managedFields") or []
    return [{name: value for name, value in entry.items() if name != "time"} for entry in entries]


def _counted(obj: JsonObject, current: JsonObject, resource: ResourceType) -> JsonObject:
    if not counts_generations(resource) or same_content(obj, current, resource):
        return obj
    generation = int(current["metadata"].get("generation", 1)) + 1
    return {**obj, "metadata": {**obj["metadata"], "generation": generation}}
