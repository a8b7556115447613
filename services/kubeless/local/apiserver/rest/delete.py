"""
Delete an object, or begin to: what has finalizers, a grace period or (a namespace) content is only marked.

https://kubernetes.io/docs/concepts/architecture/garbage-collection/#cascading-deletion
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from kubeless.core.errors import shorten
from kubeless.core.jsontypes import JsonObject
from kubeless.local.apiserver.cluster import Cluster, rfc3339
from kubeless.local.apiserver.problems import invalid as invalid_field
from kubeless.local.apiserver.problems import not_supported
from kubeless.local.apiserver.resources import NAMESPACES, PODS, ResourceType
from kubeless.local.apiserver.rest.metadata import counts_generations
from kubeless.local.apiserver.rest.options import parse_bool, parse_dry_run, parse_int
from kubeless.local.apiserver.status import bad_request, conflict, forbidden, invalid_options, unprocessable
from kubeless.local.apiserver.storage.record import Record

FOREGROUND = "foregroundDeletion"
ORPHAN = "orphan"
_POLICIES = {"Background", "Foreground", "Orphan"}
_DEFAULT_GRACE = 30
_PERMANENT_NAMESPACES = {"default", "kube-system"}


@dataclass(frozen=True, slots=True)
class DeleteOptions:
    grace: int | None = None
    """Seconds; None leaves it to the pod."""
    policy: str = "Background"
    dry_run: bool = False
    uid: str = ""
    """If given, only the object with this uid is deleted."""
    resource_version: str = ""


def parse_delete_options(body: JsonObject, query: Mapping[str, str]) -> DeleteOptions:
    """Options of the body (`DeleteOptions`) win over those of the query. Raises ApiError 400 or 422."""
    if body.get("kind") not in {None, "", "DeleteOptions"}:
        raise bad_request(f"the body of a deletion must be DeleteOptions, got {shorten(body.get('kind'))}")
    grace = body.get("gracePeriodSeconds")
    if grace is None:
        grace = parse_int(query, "gracePeriodSeconds")
    if grace is not None and (not isinstance(grace, int) or grace < 0):
        raise unprocessable(
            f"gracePeriodSeconds: Invalid value: {shorten(grace)}: must be a number that is not negative"
        )
    preconditions = body.get("preconditions") or {}
    if not isinstance(preconditions, dict):
        raise bad_request("preconditions: expected an object")
    dry_run = body.get("dryRun") or []
    return DeleteOptions(
        grace=grace,
        policy=_policy(body, query),
        dry_run=parse_dry_run(str(dry_run[0]) if isinstance(dry_run, list) and dry_run else query.get("dryRun", "")),
        uid=str(preconditions.get("uid") or ""),
        resource_version=str(preconditions.get("resourceVersion") or ""),
    )


def delete(cluster: Cluster, resource: ResourceType, record: Record, options: DeleteOptions) -> tuple[Record, bool]:
    """
    Delete an object as far as that can be done now; returns its last state, and whether it is gone.

    Raises:
        ApiError: 403 or 409.
    """
    _check(resource, record, options)
    finalizers = _finalizers(record, options, resource)
    grace = _grace(resource, record, options)
    gone = not finalizers and not grace and not _has_content(resource, record)
    if options.dry_run:
        return record, gone
    if gone:
        return cluster.store.remove(record.key), True
    marked = _marked(cluster, resource, record, finalizers, grace)
    return (record if marked == record.object else cluster.store.put(record.key, marked)), False


def _policy(body: JsonObject, query: Mapping[str, str]) -> str:
    policy = body.get("propagationPolicy") or query.get("propagationPolicy")
    if policy is None:
        orphan = body.get("orphanDependents")
        return "Orphan" if orphan or (orphan is None and parse_bool(query, "orphanDependents")) else "Background"
    if policy not in _POLICIES:
        raise invalid_options("DeleteOptions", [not_supported("propagationPolicy", policy, sorted(_POLICIES))])
    if body.get("orphanDependents") is not None:
        detail = "orphanDependents and deletionPropagation cannot be both set"
        raise invalid_options("DeleteOptions", [invalid_field("propagationPolicy", policy, detail)])
    return str(policy)


def _check(resource: ResourceType, record: Record, options: DeleteOptions) -> None:
    name, metadata = record.key.name, record.object["metadata"]
    if resource.key == NAMESPACES.key and name in _PERMANENT_NAMESPACES:
        raise forbidden(f'namespaces "{name}" is forbidden: this namespace may not be deleted', resource, name)
    if options.uid and options.uid != metadata["uid"]:
        problem = f"Precondition failed: UID in precondition: {options.uid}, UID in object meta: {metadata['uid']}"
        raise conflict(resource, name, problem)
    if options.resource_version and options.resource_version != metadata["resourceVersion"]:
        raise conflict(
            resource,
            name,
            f"Precondition failed: ResourceVersion in precondition: {options.resource_version}, "
            f"ResourceVersion in object meta: {metadata['resourceVersion']}",
        )


def _finalizers(record: Record, options: DeleteOptions, resource: ResourceType) -> list[str]:
    """The object's finalizers, with the one that stands for the propagation policy."""
    finalizers = list(record.object["metadata"].get("finalizers") or ())
    if resource.key == NAMESPACES.key:
        return finalizers
    wanted = {"Foreground": FOREGROUND, "Orphan": ORPHAN}.get(options.policy)
    others = [name for name in finalizers if name not in {FOREGROUND, ORPHAN}]
    return [*others, wanted] if wanted else others


def _grace(resource: ResourceType, record: Record, options: DeleteOptions) -> int:
    """Seconds the node still has; only a pod that is on a node and not over has any."""
    if resource.key != PODS.key:
        return 0
    obj = record.object
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    if not spec.get("nodeName") or status.get("phase") in {"Succeeded", "Failed"}:
        return 0
    wanted = options.grace if options.grace is not None else spec.get("terminationGracePeriodSeconds", _DEFAULT_GRACE)
    before = obj["metadata"].get("deletionGracePeriodSeconds")
    return int(wanted) if before is None else min(int(before), int(wanted))


def _has_content(resource: ResourceType, record: Record) -> bool:
    return resource.key == NAMESPACES.key and bool((record.object.get("spec") or {}).get("finalizers"))


def _marked(cluster: Cluster, resource: ResourceType, record: Record, finalizers: list[str], grace: int) -> JsonObject:
    """The object on its way out. Marking it again changes its grace period at most."""
    metadata = dict(record.object["metadata"])
    began = "deletionTimestamp" in metadata
    if not began or metadata.get("deletionGracePeriodSeconds") != grace:
        metadata["deletionTimestamp"] = (
            metadata["deletionTimestamp"] if began and not grace else rfc3339(cluster.now() + timedelta(seconds=grace))
        )
        metadata["deletionGracePeriodSeconds"] = grace
    if not began and counts_generations(resource):
        metadata["generation"] = int(metadata.get("generation", 1)) + 1
    metadata.pop("finalizers", None)
    if finalizers:
        metadata["finalizers"] = finalizers
    marked = {**record.object, "metadata": metadata}
    if resource.key == NAMESPACES.key:
        marked["status"] = {**(record.object.get("status") or {}), "phase": "Terminating"}
    return marked
