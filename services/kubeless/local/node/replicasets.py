"""
ReplicaSet -> Pods.

Keeps as many active pods as the ReplicaSet asks for. Pods belong to it by controller reference alone; foreign pods with
matching labels are left in peace. `decide` says what to do and is pure; the controller does it and remembers what it
did.
"""

import asyncio
import copy
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from kubeless.core.jsontypes import JsonObject
from kubeless.core.workqueue import WorkQueue
from kubeless.kube.cache import ObjectKey
from kubeless.kube.client import KubeClient
from kubeless.kube.errors import Conflict, Invalid, KubeError, NotFound
from kubeless.kube.informer import Informer
from kubeless.kube.resources import PODS, REPLICA_SETS
from kubeless.local.node.events import EventRecorder
from kubeless.local.node.expectations import Expectations
from kubeless.local.node.owners import controller_of, controller_reference
from kubeless.local.node.podreadiness import available_in, is_active, is_ready

log = structlog.get_logger(__name__)

BY_CONTROLLER = "controller"
"""The index of objects by the uid of their controller."""

_BURST = 50
"""Pods created or deleted in one go; the rest follows when these are known."""


@dataclass(frozen=True, slots=True)
class ReplicaSetPlan:
    """What brings a ReplicaSet closer to its spec."""

    create: int
    delete: tuple[JsonObject, ...]
    status: JsonObject
    look_again_in: float | None
    """Seconds until a pod becomes available by time alone."""


def decide(replica_set: JsonObject, pods: Sequence[JsonObject], *, now: datetime) -> ReplicaSetPlan:
    """What to do, given all pods whose controller is the ReplicaSet."""
    active = [pod for pod in pods if is_active(pod)]
    missing = desired_replicas(replica_set) - len(active)
    surplus = sorted(active, key=deletion_rank)[: max(0, -missing)]
    min_ready = float(replica_set["spec"].get("minReadySeconds") or 0)
    waits = [wait for pod in active if (wait := available_in(pod, min_ready, now=now)) is not None]
    labels = replica_set["spec"]["template"]["metadata"].get("labels") or {}
    status = {
        "replicas": len(active),
        "fullyLabeledReplicas": sum(labels.items() <= (pod["metadata"].get("labels") or {}).items() for pod in active),
        "readyReplicas": len(waits),
        "availableReplicas": sum(wait == 0.0 for wait in waits),
        "observedGeneration": replica_set["metadata"].get("generation", 0),
    }
    return ReplicaSetPlan(
        create=min(max(0, missing), _BURST),
        delete=tuple(surplus[:_BURST]),
        status=status,
        look_again_in=min((wait for wait in waits if wait > 0), default=None),
    )


def desired_replicas(obj: JsonObject) -> int:
    """`spec.replicas` with its default."""
    replicas = obj["spec"].get("replicas")
    return 1 if replicas is None else int(replicas)


def deletion_rank(pod: JsonObject) -> tuple[object, ...]:
    """
    Pods that go first sort first: not on a node, pending, not ready, restarted often, young.

    After `ActivePodsWithRanks` of the controller manager.
    """
    status = pod.get("status") or {}
    restarts = max((int(entry.get("restartCount", 0)) for entry in status.get("containerStatuses") or []), default=0)
    return (
        bool(pod["spec"].get("nodeName")),
        status.get("phase") == "Running",
        is_ready(pod),
        -restarts,
        _descending(str(pod["metadata"].get("creationTimestamp", ""))),
    )


def _descending(text: str) -> tuple[int, ...]:
    return tuple(-ord(character) for character in text)


def make_pod(replica_set: JsonObject) -> JsonObject:
    """A pod after the ReplicaSet's template."""
    template = copy.deepcopy(replica_set["spec"]["template"])
    metadata = replica_set["metadata"]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "generateName": f"{metadata['name']}-",
            "namespace": metadata["namespace"],
            "labels": template.get("metadata", {}).get("labels") or {},
            "annotations": template.get("metadata", {}).get("annotations") or {},
            "ownerReferences": [controller_reference(replica_set, REPLICA_SETS)],
        },
        "spec": template["spec"],
    }


class ReplicaSetController:
    """Works on ReplicaSets by key; `run` must run in a task of the owner."""

    def __init__(
        self,
        client: KubeClient,
        events: EventRecorder,
        *,
        replica_sets: Informer[JsonObject],
        pods: Informer[JsonObject],
    ) -> None:
        """`pods` has the index `BY_CONTROLLER`."""
        self._client = client
        self._events = events
        self._replica_sets = replica_sets
        self._pods = pods
        self._queue: WorkQueue[ObjectKey] = WorkQueue("replicasets")
        self._expectations = Expectations()

    async def run(self) -> None:
        """Work until cancelled."""
        self._replica_sets.subscribe(lambda key, _old, _new: self._queue.add(key))
        self._pods.subscribe(self._on_pod)
        await self._queue.run(self._sync, workers=4)

    def _on_pod(self, key: ObjectKey, old: JsonObject | None, new: JsonObject | None) -> None:
        for reference in ((new or old or {}).get("metadata") or {}).get("ownerReferences") or []:
            if reference.get("controller") and reference.get("kind") == REPLICA_SETS.kind:
                self._queue.add(ObjectKey(key.namespace, str(reference["name"])))

    async def _sync(self, key: ObjectKey) -> None:
        replica_set = self._replica_sets.get(key)
        if replica_set is None or replica_set["metadata"].get("deletionTimestamp"):
            self._expectations.forget(key)
            return
        pods = self._pods.by_index(BY_CONTROLLER, replica_set["metadata"]["uid"])
        plan = decide(replica_set, pods, now=datetime.now(UTC))
        known = {pod["metadata"]["uid"] for pod in pods}
        alive = {pod["metadata"]["uid"] for pod in pods if is_active(pod)}
        if self._expectations.fulfilled(key, known=known, alive=alive, now=self._now()):
            await self._act(key, replica_set, plan)
        else:
            self._queue.add_after(key, 1.0)
        if plan.look_again_in is not None:
            self._queue.add_after(key, plan.look_again_in)
        await self._write_status(replica_set, plan.status)

    async def _act(self, key: ObjectKey, replica_set: JsonObject, plan: ReplicaSetPlan) -> None:
        for _ in range(plan.create):
            try:
                pod = await self._client.create(PODS, make_pod(replica_set))
            except KubeError as error:
                if not isinstance(error, NotFound):  # NotFound: the namespace is going
                    self._events.record(replica_set, "FailedCreate", f"Error creating: {error}", warning=True)
                if isinstance(error, Invalid | NotFound):
                    self._queue.add_after(key, 30.0)
                    return
                raise
            self._expectations.created(key, pod["metadata"]["uid"], now=self._now())
            self._events.record(replica_set, "SuccessfulCreate", f"Created pod: {pod['metadata']['name']}")
        for pod in plan.delete:
            metadata = pod["metadata"]
            self._expectations.deleted(key, metadata["uid"], now=self._now())
            try:
                await self._client.delete(PODS, metadata["name"], namespace=metadata["namespace"], uid=metadata["uid"])
            except (NotFound, Conflict):
                continue
            self._events.record(replica_set, "SuccessfulDelete", f"Deleted pod: {metadata['name']}")

    async def _write_status(self, replica_set: JsonObject, status: JsonObject) -> None:
        current = replica_set.get("status") or {}
        if all(current.get(name, 0) == value for name, value in status.items()):
            return
        metadata = replica_set["metadata"]
        try:
            await self._client.patch(
                REPLICA_SETS,
                metadata["name"],
                {"status": status},
                namespace=metadata["namespace"],
                subresource="status",
            )
        except NotFound:
            return

    def _now(self) -> float:
        return asyncio.get_running_loop().time()


def by_controller(obj: JsonObject) -> list[str]:
    """The index function for `BY_CONTROLLER`."""
    uid = controller_of(obj)
    return [uid] if uid else []
