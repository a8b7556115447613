"""
Delete what belongs to an object that is gone.

An object whose owners are all gone is deleted; one with owners left loses the references to the others. An owner
that is deleted in the foreground waits (by a finalizer) until its dependents are gone, one that orphans them until they
no longer point to it. Everything is decided from the objects as they are, so a start after a crash finishes what was
begun.
https://kubernetes.io/docs/concepts/architecture/garbage-collection/
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterator

from kubeless.core.jsontypes import JsonObject
from kubeless.core.workqueue import WorkQueue
from kubeless.local.apiserver.cluster import Cluster
from kubeless.local.apiserver.resources import ResourceType
from kubeless.local.apiserver.rest.delete import FOREGROUND, ORPHAN, DeleteOptions, delete
from kubeless.local.apiserver.rest.update import store_update
from kubeless.local.apiserver.storage.history import Change, ChangeType
from kubeless.local.apiserver.storage.record import Key, Record


class GarbageCollector:
    """Knows at any time which objects name which owner."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._queue: WorkQueue[Key] = WorkQueue("garbage")
        self._dependents: dict[str, set[Key]] = defaultdict(set)
        for record in cluster.store.all():
            self._link(record)
            if _owners(record) or record.deleting:
                self._queue.add(record.key)
        cluster.store.subscribe(self._changed)

    async def run(self) -> None:
        """Collect until cancelled."""
        await self._queue.run(self._collect, workers=1)

    def _changed(self, change: Change) -> None:
        record, previous = change.record, change.previous
        if previous is not None:
            self._unlink(previous)
        if change.type is ChangeType.DELETED:
            for key in self._dependents.get(record.uid, ()):
                self._queue.add(key)
        else:
            self._link(record)
            if _owners(record) or record.deleting:
                self._queue.add(record.key)
        if previous is not None:
            self._wake_owners(previous)

    def _wake_owners(self, record: Record) -> None:
        """Owners that wait for this dependent look again."""
        for reference in _owners(record):
            owner = self._cluster.store.by_uid(str(reference.get("uid")))
            if owner is not None and owner.deleting:
                self._queue.add(owner.key)

    def _link(self, record: Record) -> None:
        for reference in _owners(record):
            self._dependents[str(reference.get("uid"))].add(record.key)

    def _unlink(self, record: Record) -> None:
        for reference in _owners(record):
            uid = str(reference.get("uid"))
            self._dependents[uid].discard(record.key)
            if not self._dependents[uid]:
                del self._dependents[uid]

    async def _collect(self, key: Key) -> None:
        await asyncio.sleep(0)  # a large tree must not keep requests from being served
        record = self._cluster.store.get(key)
        resource = self._cluster.registry.any_version(key.resource)
        if record is None or resource is None:
            return
        finalizers = record.object["metadata"].get("finalizers") or ()
        if record.deleting and ORPHAN in finalizers:
            self._orphan(record)
        elif record.deleting and FOREGROUND in finalizers:
            self._delete_dependents(record)
        elif not record.deleting:
            self._check_owners(resource, record)

    def _orphan(self, owner: Record) -> None:
        for dependent in self._dependents_of(owner):
            self._drop_references(dependent, {owner.uid})
        self._drop_finalizer(owner, ORPHAN)

    def _delete_dependents(self, owner: Record) -> None:
        for dependent in self._dependents_of(owner):
            resource = self._cluster.registry.any_version(dependent.key.resource)
            if resource is None:
                continue
            if any(self._solid(reference, dependent) for reference in _owners(dependent)):
                self._drop_references(dependent, {owner.uid})
            elif not dependent.deleting:
                policy = "Foreground" if self._may_wait(dependent) else "Background"
                delete(self._cluster, resource, dependent, DeleteOptions(policy=policy))
        others = (dependent for dependent in self._dependents_of(owner) if dependent.uid != owner.uid)
        if not any(_blocks(dependent, owner.uid) for dependent in others):
            self._drop_finalizer(owner, FOREGROUND)

    def _may_wait(self, dependent: Record) -> bool:
        """Whether it can wait for dependents of its own; not for one that waits already, for that may be its owner."""
        own = list(self._dependents_of(dependent))
        return bool(own) and not any(record.deleting for record in own)

    def _check_owners(self, resource: ResourceType, record: Record) -> None:
        references = _owners(record)
        absent = {str(reference.get("uid")) for reference in references if self._absent(reference, record)}
        if not absent:
            return
        if len(absent) == len({str(reference.get("uid")) for reference in references}):
            delete(self._cluster, resource, record, DeleteOptions(uid=record.uid))
        else:
            self._drop_references(record, absent)

    def _absent(self, reference: JsonObject, dependent: Record) -> bool:
        """Whether the owner is certainly gone; of a kind that is not served nothing is certain."""
        if self._owner(reference, dependent) is not None:
            return False
        kind = self._cluster.registry.kind(str(reference.get("apiVersion")), str(reference.get("kind")))
        return kind is not None

    def _solid(self, reference: JsonObject, dependent: Record) -> bool:
        """Whether the owner exists and does not itself wait for its dependents to be deleted."""
        owner = self._owner(reference, dependent)
        if owner is None:
            return False
        return not (owner.deleting and FOREGROUND in (owner.object["metadata"].get("finalizers") or ()))

    def _owner(self, reference: JsonObject, dependent: Record) -> Record | None:
        owner = self._cluster.store.by_uid(str(reference.get("uid")))
        if owner is None or owner.key.name != reference.get("name"):
            return None
        return owner if owner.key.namespace in {"", dependent.key.namespace} else None

    def _dependents_of(self, owner: Record) -> Iterator[Record]:
        for key in sorted(self._dependents.get(owner.uid, ())):
            dependent = self._cluster.store.get(key)
            if dependent is not None:
                yield dependent

    def _drop_references(self, record: Record, uids: set[str]) -> None:
        kept = [reference for reference in _owners(record) if str(reference.get("uid")) not in uids]
        self._store_metadata(record, "ownerReferences", kept)

    def _drop_finalizer(self, record: Record, finalizer: str) -> None:
        kept = [name for name in record.object["metadata"].get("finalizers") or () if name != finalizer]
        self._store_metadata(record, "finalizers", kept)

    def _store_metadata(self, record: Record, field: str, value: list[object] | list[JsonObject]) -> None:
        metadata = {name: item for name, item in record.object["metadata"].items() if name != field}
        if value:
            metadata[field] = value
        store_update(self._cluster, record, {**record.object, "metadata": metadata})


def _owners(record: Record) -> list[JsonObject]:
    references = record.object["metadata"].get("ownerReferences")
    return [reference for reference in references or () if isinstance(reference, dict)]


def _blocks(dependent: Record, uid: str) -> bool:
    return any(reference.get("uid") == uid and reference.get("blockOwnerDeletion") for reference in _owners(dependent))
