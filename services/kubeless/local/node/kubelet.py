"""All pods of this node: one worker each, started and told by an informer."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Self

import structlog

from kubeless.core.backoff import Backoff
from kubeless.core.errors import KubelessError
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.cache import ObjectKey
from kubeless.kube.errors import KubeError
from kubeless.kube.informer import Informer
from kubeless.local.node.addresses import AddressPool
from kubeless.local.node.execution import Habitat
from kubeless.local.node.folders import PodFolder
from kubeless.local.node.plan import NodeTools
from kubeless.local.node.podworker import Leave, PodWorker
from kubeless.local.node.strays import end_strays

log = structlog.get_logger(__name__)


class Kubelet:
    """Keeps a worker for each pod that belongs to this node."""

    def __init__(
        self, tools: NodeTools, pods: Informer[JsonObject], *, configurations: Mapping[str, Informer[JsonObject]]
    ) -> None:
        """`configurations` has the informers of ConfigMaps and Secrets, by kind (see `configuration`)."""
        settings = tools.settings
        self._tools = tools
        self._pods = pods
        self._configurations = configurations
        self._addresses = AddressPool(
            data_dir=settings.data_dir, subnet=settings.subnet, own_addresses=settings.own_addresses
        )
        self._workers: dict[str, PodWorker] = {}
        self._group: asyncio.TaskGroup | None = None

    def worker(self, uid: str) -> PodWorker | None:
        """The worker of a pod that is on this node."""
        return self._workers.get(uid)

    def habitat(self, uid: str, container: str) -> Habitat | None:
        """Where a container of the pod `uid` lives; None if it does not run here."""
        worker = self._workers.get(uid)
        return None if worker is None else worker.habitat(container)

    async def clean_up(self) -> None:
        """
        End what an earlier platform left: processes, folders of pods that are no more, and the claim to be ready.

        The informer must have synced, and `running` not be entered yet.
        """
        folder = self._tools.settings.data_dir / "pods"
        ended = await asyncio.to_thread(end_strays, folder)
        if ended:
            log.info("ended processes of an earlier platform", processes=ended)
        pods = [pod for pod in self._pods.values() if self._is_ours(pod)]
        await asyncio.to_thread(self._remove_folders_but, {pod["metadata"]["uid"] for pod in pods})
        for pod in pods:
            if (pod.get("status") or {}).get("phase") == "Running":
                with suppress(KubeError):
                    await PodWorker(self._tools, self._addresses, pod).write_not_ready()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Self]:
        """Run the pods; on leaving, all their processes are ended and the objects kept."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            self._pods.subscribe(self._on_change)
            for kind, informer in self._configurations.items():
                informer.subscribe(partial(self._on_configuration, kind))
            try:
                yield self
            finally:
                self._group = None
                for worker in self._workers.values():
                    worker.leave(Leave.NODE_STOPS)

    def _on_change(self, _key: ObjectKey, old: JsonObject | None, new: JsonObject | None) -> None:
        if old is not None and (new is None or old["metadata"]["uid"] != new["metadata"]["uid"]):
            gone = self._workers.get(old["metadata"]["uid"])
            if gone is not None:
                gone.leave(Leave.GONE)
        if new is None or self._group is None or not self._is_ours(new):
            return
        uid = new["metadata"]["uid"]
        worker = self._workers.get(uid)
        if worker is not None:
            worker.update(new)
            return
        worker = self._workers[uid] = PodWorker(self._tools, self._addresses, new)
        self._group.create_task(self._run(uid, worker), name=f"pod {new['metadata']['name']}")

    def _on_configuration(self, kind: str, key: ObjectKey, _old: JsonObject | None, new: JsonObject | None) -> None:
        if new is None:
            return
        for worker in self._workers.values():
            if worker.pod["metadata"]["namespace"] == key.namespace:
                worker.configuration_changed(kind, key.name)

    async def _run(self, uid: str, worker: PodWorker) -> None:
        """Run the worker to its end. One that fails is made anew: a broken pod must not stop the others."""
        backoff = Backoff(initial=1.0, maximum=60.0)
        while True:
            try:
                await worker.run()
            except KubelessError as error:
                log.warning("pod failed, will retry", pod=worker.pod["metadata"]["name"], error=str(error))
                self._tools.events.record(worker.pod, "Failed", str(error), warning=True)
            except Exception:
                log.exception("pod failed unexpectedly, will retry", pod=worker.pod["metadata"]["name"])
            else:
                break
            if self._group is None:
                break
            worker = self._workers[uid] = PodWorker(self._tools, self._addresses, worker.pod)
            with suppress(TimeoutError):
                async with asyncio.timeout(backoff.next()):
                    await worker.wait_leaving()
        del self._workers[uid]

    def _is_ours(self, pod: JsonObject) -> bool:
        return pod["spec"].get("nodeName") in (None, "", self._tools.settings.name)

    def _remove_folders_but(self, uids: set[str]) -> None:
        folder = self._tools.settings.data_dir / "pods"
        for entry in folder.iterdir() if folder.is_dir() else ():
            if entry.name not in uids:
                PodFolder(entry).remove()
