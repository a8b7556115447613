"""
Delete the objects of a CustomResourceDefinition that is being deleted, then let it go.
"""

import asyncio

from kubeless.core.workqueue import WorkQueue
from kubeless.local.apiserver.cluster import Cluster, key_of
from kubeless.local.apiserver.custom import types_of
from kubeless.local.apiserver.resources import CRDS
from kubeless.local.apiserver.rest.create import CRD_FINALIZER
from kubeless.local.apiserver.rest.delete import DeleteOptions, delete
from kubeless.local.apiserver.rest.update import store_update
from kubeless.local.apiserver.storage.history import Change, ChangeType


class DefinitionController:
    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._queue: WorkQueue[str] = WorkQueue("definitions")
        for record in cluster.store.objects(CRDS.key):
            self._queue.add(record.key.name)
        cluster.store.subscribe(self._changed)

    async def run(self) -> None:
        """Work until cancelled."""
        await self._queue.run(self._empty, workers=1)

    def _changed(self, change: Change) -> None:
        group, plural = change.record.key.resource
        if change.record.key.resource == CRDS.key:
            self._queue.add(change.record.key.name)
        elif change.type is ChangeType.DELETED and group:
            self._queue.add(f"{plural}.{group}")

    async def _empty(self, name: str) -> None:
        await asyncio.sleep(0)
        store = self._cluster.store
        definition = store.get(key_of(CRDS, "", name))
        if definition is None or not definition.deleting:
            return
        resource = next(types_of(definition.object))
        for record in store.objects(resource.key):
            if not record.deleting:
                delete(self._cluster, resource, record, DeleteOptions(uid=record.uid))
                await asyncio.sleep(0)
        current = store.get(definition.key)
        if current is None or current.uid != definition.uid or store.objects(resource.key):
            return
        metadata = dict(current.object["metadata"])
        metadata["finalizers"] = [item for item in metadata.get("finalizers") or () if item != CRD_FINALIZER]
        store_update(self._cluster, current, {**current.object, "metadata": metadata})
