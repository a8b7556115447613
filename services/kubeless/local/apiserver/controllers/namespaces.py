"""
Empty a namespace that is being deleted, then let it go.
"""

import asyncio

from kubeless.core.workqueue import WorkQueue
from kubeless.local.apiserver.cluster import Cluster, key_of
from kubeless.local.apiserver.resources import NAMESPACES
from kubeless.local.apiserver.rest.delete import DeleteOptions, delete
from kubeless.local.apiserver.rest.update import store_update
from kubeless.local.apiserver.storage.history import Change, ChangeType
from kubeless.local.apiserver.storage.record import Record


class NamespaceController:
    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._queue: WorkQueue[str] = WorkQueue("namespaces")
        for record in cluster.store.objects(NAMESPACES.key):
            self._queue.add(record.key.name)
        cluster.store.subscribe(self._changed)

    async def run(self) -> None:
        """Work until cancelled."""
        await self._queue.run(self._empty, workers=1)

    def _changed(self, change: Change) -> None:
        key = change.record.key
        if key.resource == NAMESPACES.key:
            self._queue.add(key.name)
        elif key.namespace and change.type is ChangeType.DELETED:
            self._queue.add(key.namespace)

    async def _empty(self, name: str) -> None:
        await asyncio.sleep(0)
        namespace = self._cluster.store.get(key_of(NAMESPACES, "", name))
        if namespace is None or not namespace.deleting:
            return
        for listed in self._content(name):
            resource = self._cluster.registry.any_version(listed.key.resource)
            # Looked up again: others, such as the garbage collector, delete while this one gives way.
            record = self._cluster.store.by_uid(listed.uid)
            if resource is not None and record is not None and not record.deleting:
                delete(self._cluster, resource, record, DeleteOptions(uid=record.uid))
                await asyncio.sleep(0)
        if not self._content(name):
            self._release(namespace)

    def _content(self, name: str) -> list[Record]:
        store = self._cluster.store
        return [record for resource in store.types() for record in store.objects(resource, name)]

    def _release(self, namespace: Record) -> None:
        """Without the finalizer in its spec the namespace goes, unless others hold it in its metadata."""
        current = self._cluster.store.get(namespace.key)
        if current is not None and current.uid == namespace.uid:
            store_update(self._cluster, current, {**current.object, "spec": {}})
