"""
Bring one function into the state it asks for, and say how it is.

A function is always looked at as a whole, from what is known now, never from what has just changed. So it does not
matter how many changes there were, in what order, or whether the controller was running at the time.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from kubeless.api.function import parse_function
from kubeless.api.metadata import Metadata
from kubeless.api.resource import FUNCTIONS, Resource
from kubeless.controller.apply import Applier
from kubeless.controller.caches import BY_FUNCTION, Caches
from kubeless.controller.config import Config
from kubeless.controller.desired.objects import Desired, desired_objects
from kubeless.controller.metrics import Metrics
from kubeless.controller.packed import Packed, content_of, unpacked
from kubeless.controller.problem import ForeignObject, Problem, problem_of
from kubeless.controller.requests import Requests
from kubeless.controller.status import desired_status, read_rollout
from kubeless.core.errors import KubelessError
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.cache import ObjectKey
from kubeless.kube.errors import KubeError, NotFound
from kubeless.kube.finalizers import remove_finalizer
from kubeless.kube.resources import CONFIG_MAPS, DEPLOYMENTS, HPAS, SERVICE_MONITORS, SERVICES

log = structlog.get_logger(__name__)

OLD_FINALIZER = "kubeless.io/function"
"""Left on functions by the Go controller."""


@dataclass(frozen=True, slots=True)
class _Outcome:
    """How far one look at a function came."""

    deployment: JsonObject | None
    checksum: str
    problem: Problem | None = None
    look_again: bool = False


@dataclass(frozen=True, slots=True)
class _Settled:
    """What a function and its objects were like when all was as it should be."""

    config: Config
    contents: tuple[bytes, ...]
    checksum: str


class FunctionReconciler:
    """Reconciles functions by key. May be called for several keys at the same time, not twice for one."""

    def __init__(
        self,
        client: Requests,
        caches: Caches,
        config: Callable[[], Config],
        metrics: Metrics,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(tz=UTC),
    ) -> None:
        self._client = client
        self._caches = caches
        self._config = config
        self._metrics = metrics
        self._now = now
        self._applier = Applier(client)
        self._settled: dict[ObjectKey, _Settled] = {}

    async def reconcile(self, key: ObjectKey) -> bool:
        """
        Look at one function; whether to look again even if nothing changes.

        Raises a KubeError that is worth repeating, Conflict if the caches were behind.
        """
        function = self._caches.functions.get(key)
        if function is None:
            self._applier.forget(key.namespace, key.name)
            self._settled.pop(key, None)
            return False
        obj = function.unpack()
        if obj["metadata"].get("deletionTimestamp"):
            # Children are left to the garbage collector, by their owner references.
            await remove_finalizer(self._client, FUNCTIONS, Metadata.parse(obj), OLD_FINALIZER)
            return False
        outcome = await self._deploy(key, obj)
        if outcome.problem is not None:
            self._metrics.failed(FUNCTIONS.kind, outcome.problem.reason)
        await self._write_status(key, obj, outcome)
        return outcome.look_again

    async def _deploy(self, key: ObjectKey, obj: JsonObject) -> _Outcome:
        before = unpacked(self._caches.deployments.get(key))
        config, contents = self._config(), self._contents(key)
        settled = self._settled.pop(key, None)
        if settled is not None and settled.config is config and settled.contents == contents:
            self._settled[key] = settled
            return _Outcome(before, settled.checksum)
        checksum = ""
        try:
            desired = desired_objects(parse_function(obj), config)
            checksum = desired.checksum
            deployment = await self._apply(key, desired, before)
            # Of what was seen, not of what was written: that is looked at once more when it arrives.
            self._settled[key] = _Settled(config, contents, checksum)
            return _Outcome(deployment, checksum)
        except KubelessError as error:
            if error.retriable:
                raise
            unwatched = isinstance(error, KubeError | ForeignObject)
            return _Outcome(before, checksum, problem_of(error), unwatched)

    def _contents(self, key: ObjectKey) -> tuple[bytes, ...]:
        """What the outcome depends on, but for the configuration."""
        caches = self._caches
        known = (caches.functions, caches.config_maps, caches.services, caches.deployments, caches.monitors)
        autoscalers = caches.autoscalers.by_index(BY_FUNCTION, key)
        return (
            bytes([caches.monitors.available]),
            *(content_of(cache.get(key)) for cache in known),
            *(autoscaler.content for autoscaler in autoscalers),
        )

    async def _apply(self, key: ObjectKey, desired: Desired, deployment: JsonObject | None) -> JsonObject:
        caches, apply = self._caches, self._applier.apply
        await apply(CONFIG_MAPS, desired.config_map, unpacked(caches.config_maps.get(key)))
        await apply(SERVICES, desired.service, unpacked(caches.services.get(key)))
        deployment = await apply(DEPLOYMENTS, desired.deployment, deployment)
        await self._apply_autoscaler(key, desired.autoscaler)
        if caches.monitors.available:
            await self._apply_monitor(key, desired.monitor)
        return deployment

    async def _apply_autoscaler(self, key: ObjectKey, desired: JsonObject | None) -> None:
        name = desired["metadata"]["name"] if desired else ""
        if desired:
            live = unpacked(self._caches.autoscalers.get(ObjectKey(key.namespace, name)))
            await self._applier.apply(HPAS, desired, live)
        for other in self._caches.autoscalers.by_index(BY_FUNCTION, key):
            found = other.unpack()["metadata"]["name"]
            if found != name:
                await self._delete(HPAS, ObjectKey(key.namespace, found), other)

    async def _apply_monitor(self, key: ObjectKey, desired: JsonObject | None) -> None:
        live = self._caches.monitors.get(key)
        if desired is not None:
            await self._applier.apply(SERVICE_MONITORS, desired, unpacked(live))
        elif live is not None and live.function == key:
            await self._delete(SERVICE_MONITORS, key, live)

    async def _delete(self, resource: Resource, key: ObjectKey, live: Packed) -> None:
        try:
            await self._client.delete(resource, key.name, namespace=key.namespace, uid=live.uid)
        except NotFound:
            return

    async def _write_status(self, key: ObjectKey, obj: JsonObject, outcome: _Outcome) -> None:
        metadata = obj["metadata"]
        current = obj.get("status") or {}
        pods = [pod for pod in self._caches.pods.by_index(BY_FUNCTION, key) if pod.checksum == outcome.checksum]
        status = desired_status(
            current,
            generation=metadata.get("generation", 0),
            problem=outcome.problem,
            rollout=read_rollout(outcome.deployment),
            pods=pods,
            selector=f"created-by=kubeless,function={key.name}",
            now=self._now(),
        )
        if status == current:
            return
        body = {"metadata": {"resourceVersion": metadata["resourceVersion"]}, "status": status}
        try:
            await self._client.patch(FUNCTIONS, key.name, body, namespace=key.namespace, subresource="status")
        except NotFound:
            return
        _log_turn(key, current, status)


def _log_turn(key: ObjectKey, before: JsonObject, after: JsonObject) -> None:
    """One line whenever a function becomes ready or stops being so, or the reason changes."""
    old, new = _ready(before), _ready(after)
    if (old.get("status"), old.get("reason")) != (new["status"], new["reason"]):
        log.info(
            "function status changed",
            function=key,
            ready=new["status"],
            reason=new["reason"],
            detail=new["message"],
        )


def _ready(status: JsonObject) -> JsonObject:
    conditions: list[JsonObject] = status.get("conditions") or []
    return next((condition for condition in conditions if condition.get("type") == "Ready"), {})
