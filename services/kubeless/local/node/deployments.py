"""Deployment -> ReplicaSets: carry out the plan (`kubeless.local.node.deploymentplan`) and report the status."""

from datetime import UTC, datetime

import structlog

from kubeless.core.errors import InvalidField
from kubeless.core.jsontypes import JsonObject
from kubeless.core.workqueue import WorkQueue
from kubeless.kube.cache import ObjectKey
from kubeless.kube.client import KubeClient
from kubeless.kube.errors import AlreadyExists, Conflict, KubeError, NotFound
from kubeless.kube.informer import Informer
from kubeless.kube.resources import DEPLOYMENTS, REPLICA_SETS
from kubeless.local.node.deploymentplan import (
    REVISION,
    DeploymentPlan,
    copied_annotations,
    expendable,
    plan_deployment,
    revision_of,
)
from kubeless.local.node.deploymentstatus import deadline_in, deployment_status, is_complete
from kubeless.local.node.events import EventRecorder
from kubeless.local.node.replicasets import BY_CONTROLLER, desired_replicas

log = structlog.get_logger(__name__)

_STALE = 0.02
"""Seconds after which the cache has probably caught up with a change that got in between."""


class DeploymentController:
    """Works on Deployments by key; `run` must run in a task of the owner."""

    def __init__(
        self,
        client: KubeClient,
        events: EventRecorder,
        *,
        deployments: Informer[JsonObject],
        replica_sets: Informer[JsonObject],
        pods: Informer[JsonObject],
    ) -> None:
        """`replica_sets` and `pods` have the index `BY_CONTROLLER`."""
        self._client = client
        self._events = events
        self._deployments = deployments
        self._replica_sets = replica_sets
        self._pods = pods
        self._queue: WorkQueue[ObjectKey] = WorkQueue("deployments")

    async def run(self) -> None:
        """Work until cancelled."""
        self._deployments.subscribe(lambda key, _old, _new: self._queue.add(key))
        self._replica_sets.subscribe(self._on_replica_set)
        self._pods.subscribe(self._on_pod)
        await self._queue.run(self._sync, workers=4)

    def _on_replica_set(self, key: ObjectKey, old: JsonObject | None, new: JsonObject | None) -> None:
        for reference in ((new or old or {}).get("metadata") or {}).get("ownerReferences") or []:
            if reference.get("controller") and reference.get("kind") == DEPLOYMENTS.kind:
                self._queue.add(ObjectKey(key.namespace, str(reference["name"])))

    def _on_pod(self, key: ObjectKey, old: JsonObject | None, new: JsonObject | None) -> None:
        # The strategy Recreate waits for the last old pod to be gone, of which no ReplicaSet's status tells.
        if old is not None and new is None:
            for reference in old["metadata"].get("ownerReferences") or []:
                replica_set = self._replica_sets.get(ObjectKey(key.namespace, str(reference.get("name"))))
                if replica_set is not None:
                    self._on_replica_set(key, None, replica_set)

    async def _sync(self, key: ObjectKey) -> None:
        deployment = self._deployments.get(key)
        if deployment is None or deployment["metadata"].get("deletionTimestamp"):
            return
        uid = deployment["metadata"]["uid"]
        replica_sets = [
            item
            for item in self._replica_sets.by_index(BY_CONTROLLER, uid)
            if not item["metadata"].get("deletionTimestamp")
        ]
        pods = {
            item["metadata"]["uid"]: self._pods.count(BY_CONTROLLER, item["metadata"]["uid"]) for item in replica_sets
        }
        try:
            plan = plan_deployment(deployment, replica_sets, pods)
            await self._act(deployment, plan)
            await self._report(key, deployment, plan, pods)
        except InvalidField as error:
            self._events.record(deployment, "InvalidStrategy", str(error), warning=True)
        except (Conflict, AlreadyExists):
            self._queue.add_after(key, _STALE)
        except NotFound:
            log.debug("deployment changed meanwhile", deployment=key)

    async def _act(self, deployment: JsonObject, plan: DeploymentPlan) -> None:
        if plan.create is not None:
            await self._create(deployment, plan.create)
        if plan.new is not None and plan.revision != revision_of(plan.new):
            await self._annotate(plan.new, copied_annotations(deployment) | {REVISION: str(plan.revision)})
        by_name = {item["metadata"]["name"]: item for item in [*plan.old, *([plan.new] if plan.new else [])]}
        for name, size in plan.scale.items():
            await self._scale(deployment, by_name[name], size)
        revision = str(plan.revision)
        if plan.revision and (deployment["metadata"].get("annotations") or {}).get(REVISION) != revision:
            await self._client.patch(
                DEPLOYMENTS,
                deployment["metadata"]["name"],
                {"metadata": {"annotations": {REVISION: revision}}},
                namespace=deployment["metadata"]["namespace"],
            )

    async def _create(self, deployment: JsonObject, replica_set: JsonObject) -> None:
        try:
            await self._client.create(REPLICA_SETS, replica_set)
        except (AlreadyExists, NotFound):
            raise
        except KubeError as error:
            self._events.record(deployment, "ReplicaSetCreateError", str(error), warning=True)
            raise
        name, size = replica_set["metadata"]["name"], replica_set["spec"]["replicas"]
        self._events.record(deployment, "ScalingReplicaSet", f"Scaled up replica set {name} from 0 to {size}")

    async def _annotate(self, replica_set: JsonObject, annotations: dict[str, str]) -> None:
        metadata = replica_set["metadata"]
        change = {"metadata": {"annotations": annotations}}
        await self._client.patch(REPLICA_SETS, metadata["name"], change, namespace=metadata["namespace"])

    async def _scale(self, deployment: JsonObject, replica_set: JsonObject, size: int) -> None:
        metadata = replica_set["metadata"]
        before = desired_replicas(replica_set)
        # With the version: a decision made on old knowledge must not be carried out.
        change = {"metadata": {"resourceVersion": metadata["resourceVersion"]}, "spec": {"replicas": size}}
        await self._client.patch(REPLICA_SETS, metadata["name"], change, namespace=metadata["namespace"])
        direction = "up" if size > before else "down"
        message = f"Scaled {direction} replica set {metadata['name']} from {before} to {size}"
        self._events.record(deployment, "ScalingReplicaSet", message)

    async def _report(self, key: ObjectKey, deployment: JsonObject, plan: DeploymentPlan, pods: dict[str, int]) -> None:
        now = datetime.now(UTC)
        status = deployment_status(deployment, plan.new, plan.old, now=now)
        metadata = deployment["metadata"]
        if status != deployment.get("status"):
            await self._client.patch(
                DEPLOYMENTS, metadata["name"], {"status": status}, namespace=metadata["namespace"], subresource="status"
            )
        if is_complete(deployment, status):
            for replica_set in expendable(deployment, plan, pods):
                await self._client.delete(
                    REPLICA_SETS,
                    replica_set["metadata"]["name"],
                    namespace=metadata["namespace"],
                    uid=replica_set["metadata"]["uid"],
                )
        wait = deadline_in(deployment, status, now=now)
        if wait is not None:
            self._queue.add_after(key, wait)
