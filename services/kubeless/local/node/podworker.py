"""
One pod on this node, from its binding to its removal.

The worker takes an address, makes the folder, runs init containers in order and main containers side by side, and
reports the status. It leaves for one of two reasons: the pod is deleted (processes end within the grace period, the
object and every trace on disk go), or the node stops (processes end, the object and the folder stay, and the next
platform goes on from there).
"""

import asyncio
import contextlib
from datetime import UTC, datetime
from enum import Enum
from typing import NoReturn

import structlog

from kubeless.api.metadata import parse_time
from kubeless.core.backoff import Backoff
from kubeless.core.errors import KubelessError
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.errors import Conflict, KubeError, NotFound
from kubeless.kube.resources import PODS
from kubeless.local.node.addresses import PORTS_ANNOTATION, AddressPool, ports_annotation
from kubeless.local.node.configuration import mounted_by
from kubeless.local.node.containerstate import Waiting, recover, recover_init
from kubeless.local.node.execution import Habitat
from kubeless.local.node.folders import PodFolder
from kubeless.local.node.initcontainer import InitContainer
from kubeless.local.node.maincontainer import MainContainer, is_function, refuse
from kubeless.local.node.plan import NodeTools, PodContext, fill_volumes, until_planned
from kubeless.local.node.podstatus import PodRecord, any_running
from kubeless.local.node.statuswriter import StatusWriter

log = structlog.get_logger(__name__)

HOST_IP = "127.0.0.1"
WARNING_ANNOTATION = "kubeless.io/warning"
DEFAULT_GRACE = 30.0
_LAST_WORD = 2.0
"""Seconds for the final status when the node stops."""


class Leave(Enum):
    """Why a pod leaves the node."""

    DELETED = "deleted"
    GONE = "gone"
    """The object is no longer in the API."""
    NODE_STOPS = "node stops"


class PodWorker:
    """Runs one pod; `run` returns when it has left."""

    def __init__(self, tools: NodeTools, addresses: AddressPool, pod: JsonObject) -> None:
        self._tools = tools
        self._addresses = addresses
        self._uid: str = pod["metadata"]["uid"]
        self._folder = PodFolder.of(tools.settings.data_dir, self._uid)
        self._record = _record_of(pod)
        self._writer = StatusWriter(tools.client, lambda: self.pod, self._record)
        self._leaving = asyncio.Event()
        self._outdated = asyncio.Event()
        self._why: Leave | None = None
        self._context: PodContext | None = None
        self.pod = pod
        """The newest object known."""

    @property
    def record(self) -> PodRecord:
        """What is known of the containers."""
        return self._record

    def habitat(self, container: str) -> Habitat | None:
        """Where a main container lives, if it runs."""
        return None if self._context is None else self._context.habitats.get(container)

    def update(self, pod: JsonObject) -> None:
        """The object has changed."""
        self.pod = pod
        if self._context is not None:
            self._context.pod = pod
        if pod["metadata"].get("deletionTimestamp"):
            self.leave(Leave.DELETED)

    def leave(self, why: Leave) -> None:
        """The pod is to leave; the first reason counts, but that a pod which leaves anyway is gone."""
        if self._why is None or why is Leave.GONE:
            self._why = why
        if self._context is not None and self._why is not Leave.DELETED:
            # Nobody waits for it any more. Set here, as the tasks may be cancelled before they see the reason.
            self._context.grace = self._tools.settings.stop_grace
        self._leaving.set()

    def configuration_changed(self, kind: str, name: str) -> None:
        """A ConfigMap or Secret of the pod's namespace has changed."""
        if (kind, name) in mounted_by(self.pod):
            self._outdated.set()

    async def wait_leaving(self) -> None:
        """Wait until the pod is to leave."""
        await self._leaving.wait()

    async def write_not_ready(self) -> None:
        """Tell the API that nothing of the pod runs, which is so before `run`."""
        await self._writer.write()

    async def run(self) -> None:
        """Run the pod until it has left."""
        self.update(self.pod)
        if not self._leaving.is_set() and not _is_over(self.pod):
            await self._live()
        else:
            await self._leaving.wait()
        if self._why is Leave.DELETED:
            await self._delete_object()
        if self._why is not Leave.NODE_STOPS:
            await asyncio.to_thread(self._folder.remove)
        self._addresses.give_back(self._uid)

    async def _live(self) -> None:
        containers = [*(self.pod["spec"].get("initContainers") or []), *self.pod["spec"]["containers"]]
        await asyncio.to_thread(self._folder.create, [container["name"] for container in containers])
        self._context = await self._settle()
        async with asyncio.TaskGroup() as group:
            writing = group.create_task(self._writer.run())
            working = group.create_task(self._work(self._context))
            refreshing = group.create_task(self._refresh(self._context))
            await self._leaving.wait()
            await self._drain(self._context)
            refreshing.cancel()
            working.cancel()
            await asyncio.wait({working})
            writing.cancel()
        if self._why is Leave.NODE_STOPS:
            with contextlib.suppress(KubeError, TimeoutError):
                async with asyncio.timeout(_LAST_WORD):
                    await self._writer.write()

    async def _settle(self) -> PodContext:
        """Take an address and bind the pod to this node."""
        ports = [
            int(port["containerPort"])
            for container in self.pod["spec"]["containers"]
            for port in container.get("ports") or []
        ]
        wanted = str((self.pod.get("status") or {}).get("podIP") or "")
        address = self._addresses.take(self._uid, ports, wanted=wanted)
        self._record.ip = address.host
        change: JsonObject = {}
        if not self.pod["spec"].get("nodeName"):
            change["spec"] = {"nodeName": self._tools.settings.name}
        if address.ports:
            change["metadata"] = {"annotations": {PORTS_ANNOTATION: ports_annotation(address)}}
        if change:
            await self._patch(change)
        context = PodContext(
            tools=self._tools,
            pod=self.pod,
            folder=self._folder,
            address=address,
            record=self._record,
            changed=self._writer.changed,
        )
        if "spec" in change:
            metadata = self.pod["metadata"]
            pod = f"{metadata['namespace']}/{metadata['name']}"
            context.event("Scheduled", f"Successfully assigned {pod} to {self._tools.settings.name}")
        return context

    async def _work(self, context: PodContext) -> None:
        spec = self.pod["spec"]
        self._writer.changed()
        if is_function(spec["containers"][0]):
            plan = await until_planned(context, self._record.main[0], lambda plan: plan)
            if plan.runtime.warning:
                await self._warn(plan.runtime.warning)
            self._record.main[0].state = Waiting("PodInitializing")
            for container, record in zip(spec.get("initContainers") or [], self._record.init, strict=True):
                if not await InitContainer(context, container, record).complete():
                    return
        elif self._record.init:
            await refuse(context, self._record.init[0])
        self._record.initialized = True
        async with asyncio.TaskGroup() as group:
            for container, record in zip(spec["containers"], self._record.main, strict=True):
                group.create_task(MainContainer(context, container, record).supervise())

    async def _refresh(self, context: PodContext) -> NoReturn:
        """Keep the files of ConfigMaps and Secrets up to date once the containers were started with them."""
        while True:
            await self._outdated.wait()
            self._outdated.clear()
            if not self._record.initialized:
                continue  # they are written before the main containers start
            try:
                await fill_volumes(context)
            except KubelessError as error:
                # As with a kubelet the files stay as they are, until there is something to write.
                log.debug("volumes not refreshed", pod=self.pod["metadata"]["name"], error=str(error))

    async def _warn(self, warning: str) -> None:
        if (self.pod["metadata"].get("annotations") or {}).get(WARNING_ANNOTATION) != warning:
            await self._patch({"metadata": {"annotations": {WARNING_ANNOTATION: warning}}})

    async def _drain(self, context: PodContext) -> None:
        """Let routers see that the pod leaves before its servers stop accepting."""
        if self._why is Leave.NODE_STOPS:
            return
        grace = _grace_period(self.pod) if self._why is Leave.DELETED else context.grace
        delay = min(self._tools.settings.drain_delay, grace) if any_running(self._record) else 0.0
        context.grace = grace - delay
        self._record.deleting = True
        context.event("Killing", "Stopping the pod's containers")
        await asyncio.sleep(delay)

    async def _patch(self, change: JsonObject) -> None:
        metadata = self.pod["metadata"]
        backoff = Backoff(initial=0.05, maximum=5.0)
        while not self._leaving.is_set():
            try:
                self.pod = await self._tools.client.patch(
                    PODS, metadata["name"], change, namespace=metadata["namespace"]
                )
            except NotFound:
                return  # the informer will say so
            except KubeError as error:
                log.debug("pod not changed, will retry", pod=metadata["name"], error=str(error))
                await asyncio.sleep(backoff.next())
            else:
                return

    async def _delete_object(self) -> None:
        metadata = self.pod["metadata"]
        backoff = Backoff(initial=0.05, maximum=5.0)
        while self._why is not Leave.GONE:
            try:
                await self._tools.client.delete(
                    PODS, metadata["name"], namespace=metadata["namespace"], uid=self._uid, grace_period=0
                )
            except (NotFound, Conflict):
                return
            except KubeError as error:
                log.debug("pod not deleted, will retry", pod=metadata["name"], error=str(error))
                await asyncio.sleep(backoff.next())
            else:
                return


def _record_of(pod: JsonObject) -> PodRecord:
    now = datetime.now(UTC)
    status = pod.get("status") or {}
    spec = pod["spec"]
    return PodRecord(
        init=[
            recover_init(name, image, before, now=now)
            for name, image, before in _with_status(spec.get("initContainers"), status.get("initContainerStatuses"))
        ],
        main=[
            recover(name, image, before, now=now)
            for name, image, before in _with_status(spec["containers"], status.get("containerStatuses"))
        ],
        started=parse_time(status.get("startTime")) or now,
        host_ip=HOST_IP,
    )


def _with_status(
    containers: list[JsonObject] | None, statuses: list[JsonObject] | None
) -> list[tuple[str, str, JsonObject | None]]:
    """Name, image and last reported status of each container."""
    before = {status.get("name"): status for status in statuses or []}
    return [
        (container["name"], str(container.get("image", "")), before.get(container["name"]))
        for container in containers or []
    ]


def _is_over(pod: JsonObject) -> bool:
    return (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed")


def _grace_period(pod: JsonObject) -> float:
    asked = pod["metadata"].get("deletionGracePeriodSeconds")
    own = pod["spec"].get("terminationGracePeriodSeconds")
    return float(next((seconds for seconds in (asked, own) if seconds is not None), DEFAULT_GRACE))
