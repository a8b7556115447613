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
from kubeless.api.resource import FUNCTIONS
from kubeless.controller.caches import BY_FUNCTION, Caches
from kubeless.controller.children import Children
from kubeless.controller.config import Config
from kubeless.controller.desired.objects import desired_objects
from kubeless.controller.metrics import Metrics
from kubeless.controller.packed import Packed, unpacked
from kubeless.controller.problem import ForeignObject, Problem, problem_of
from kubeless.controller.requests import Requests
from kubeless.controller.status import desired_status, read_rollout
from kubeless.core.errors import KubelessError
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.cache import ObjectKey
from kubeless.kube.errors import KubeError, NotFound
from kubeless.kube.finalizers import remove_finalizer

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
        self._children = Children(client, caches)
        self._settled: dict[ObjectKey, _Settled] = {}

    async def reconcile(self, key: ObjectKey) -> bool:
        """
        Look at one function; whether to look again even if nothing changes.

        Raises a KubeError that is worth repeating, Conflict if the caches were behind.
        """
        function = self._caches.functions.get(key)
        if function is None:
            self._children.forget(key)
            self._settled.pop(key, None)
            return False
        obj = function.unpack()
        if obj["metadata"].get("deletionTimestamp"):
            # Children are left to the garbage collector, by their owner references.
            await remove_finalizer(self._client, FUNCTIONS, Metadata.parse(obj), OLD_FINALIZER)
            return False
        outcome = await self._deploy(key, function, obj)
        if outcome.problem is not None:
            self._metrics.failed(FUNCTIONS.kind, outcome.problem.reason)
        await self._write_status(key, obj, outcome)
        return outcome.look_again

    async def _deploy(self, key: ObjectKey, function: Packed, obj: JsonObject) -> _Outcome:
        before = unpacked(self._caches.deployments.get(key))
        config, contents = self._config(), (function.content, *self._children.contents(key))
        settled = self._settled.pop(key, None)
        if settled is not None and settled.config is config and settled.contents == contents:
            self._settled[key] = settled
            return _Outcome(before, settled.checksum)
        checksum = ""
        try:
            desired = desired_objects(parse_function(obj), config)
            checksum = desired.checksum
            deployment = await self._children.bring_about(key, desired)
            # Of what was seen, not of what was written: that is looked at once more when it arrives.
            self._settled[key] = _Settled(config, contents, checksum)
            return _Outcome(deployment, checksum)
        except KubelessError as error:
            if error.retriable:
                raise
            unwatched = isinstance(error, KubeError | ForeignObject)
            return _Outcome(before, checksum, problem_of(error), unwatched)

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
