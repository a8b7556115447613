"""
Keep the Ingress of one HTTPTrigger as the trigger asks for.

Only triggers that name a gateway of another make have one; the gateway of Kubeless reads the triggers themselves. What
stood in the way is said in the condition `Deployed` of the trigger, beside the conditions of the gateway.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime

import structlog

from kubeless.api.conditions import Condition, merge_conditions
from kubeless.api.function import parse_function
from kubeless.api.httptrigger import parse_http_trigger
from kubeless.api.metadata import Metadata
from kubeless.api.resource import HTTP_TRIGGERS
from kubeless.controller.apply import Applier
from kubeless.controller.bindings import Bindings, named_function
from kubeless.controller.desired.ingress import GATEWAYS, desired_ingress
from kubeless.controller.desired.ports import service_ports
from kubeless.controller.labels import OURS, function_of, key_of
from kubeless.controller.metrics import Metrics
from kubeless.controller.packed import Packed, content_of, packer, unpacked
from kubeless.controller.problem import ForeignObject, Problem, problem_of
from kubeless.controller.requests import Requests
from kubeless.core.errors import KubelessError
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.cache import ObjectKey
from kubeless.kube.client import KubeClient
from kubeless.kube.errors import KubeError, NotFound
from kubeless.kube.finalizers import remove_finalizer
from kubeless.kube.informer import Informer
from kubeless.kube.resources import INGRESSES

log = structlog.get_logger(__name__)

OLD_FINALIZER = "kubeless.io/httptrigger"
"""Left on triggers by the Go controller."""

CONDITION = "Deployed"

_BY_FUNCTION = "function"


class IngressReconciler:
    """Reconciles HTTPTriggers by key; enter `running` to keep its caches current."""

    def __init__(
        self,
        client: KubeClient,
        requests: Requests,
        functions: Informer[Packed],
        metrics: Metrics,
        *,
        namespaces: tuple[str, ...],
        now: Callable[[], datetime] = lambda: datetime.now(tz=UTC),
    ) -> None:
        """Look at these namespaces, or at all of them if none are named."""
        self._client = requests
        self._functions = functions
        self._metrics = metrics
        self._now = now
        self._applier = Applier(requests)
        self._bindings = Bindings(requests, functions, HTTP_TRIGGERS)
        self._triggers = Informer[Packed](
            client,
            HTTP_TRIGGERS,
            namespaces=namespaces,
            transform=packer(_function_key),
            indexers={_BY_FUNCTION: lambda trigger: [trigger.function]},
        )
        self._ingresses = Informer[Packed](
            client, INGRESSES, namespaces=namespaces, label_selector=OURS, transform=packer(function_of)
        )

    @property
    def informers(self) -> Sequence[Informer[Packed]]:
        """What keeps it current."""
        return self._triggers, self._ingresses

    @asynccontextmanager
    async def running(self) -> AsyncIterator["IngressReconciler"]:
        """Follow the cluster while the body runs; on entry everything is known."""
        async with AsyncExitStack() as stack:
            for informer in self.informers:
                await stack.enter_async_context(informer.running())
            for informer in self.informers:
                await informer.wait_synced()
            yield self

    def subscribe(self, notice: Callable[[ObjectKey], None]) -> None:
        """Call `notice` with a trigger's key whenever the trigger, its function or its Ingress has changed."""

        def on_function(function: ObjectKey, old: Packed | None, new: Packed | None) -> None:
            if content_of(old) != content_of(new):
                for trigger in self._triggers.by_index(_BY_FUNCTION, function):
                    notice(key_of(trigger.unpack()))

        self._triggers.subscribe(lambda key, _old, _new: notice(key))
        self._ingresses.subscribe(lambda key, _old, _new: notice(key))
        self._functions.subscribe(on_function)

    def keys(self) -> list[ObjectKey]:
        """All triggers."""
        return self._triggers.keys()

    async def reconcile(self, key: ObjectKey) -> bool:
        """
        Look at one trigger; whether to look again even if nothing changes.

        Raises a KubeError that is worth repeating, Conflict if the caches were behind.
        """
        obj = unpacked(self._triggers.get(key))
        if obj is None:
            self._applier.forget(key.namespace, key.name)
            return False
        if obj["metadata"].get("deletionTimestamp"):
            await remove_finalizer(self._client, HTTP_TRIGGERS, Metadata.parse(obj), OLD_FINALIZER)
            return False
        if not await self._bindings.settle(key, obj):
            return False
        if (obj.get("spec") or {}).get("gateway") not in GATEWAYS:
            await self._remove(key, obj)
            await self._write_condition(key, obj, None)
            return False
        problem, look_again = await self._deploy(key, obj)
        if problem is not None:
            self._metrics.failed(HTTP_TRIGGERS.kind, problem.reason)
        await self._write_condition(key, obj, _condition(obj, problem))
        return look_again

    async def _deploy(self, key: ObjectKey, obj: JsonObject) -> tuple[Problem | None, bool]:
        try:
            trigger = parse_http_trigger(obj)
            function = unpacked(self._functions.get(ObjectKey(key.namespace, trigger.spec.function_name)))
            if trigger.spec.function_name and function is None:
                name = trigger.spec.function_name
                message = (
                    f"there is no function {name} in namespace {key.namespace}; deploy it, or correct function-name"
                )
                return Problem("FunctionNotFound", message), False
            port = service_ports(parse_function(function).spec)[0]["port"] if function else 0
            live = unpacked(self._ingresses.get(key))
            await self._applier.apply(INGRESSES, desired_ingress(trigger, port=port), live)
        except KubelessError as error:
            if error.retriable:
                raise
            unwatched = isinstance(error, KubeError | ForeignObject)
            return problem_of(error), unwatched
        return None, False

    async def _remove(self, key: ObjectKey, obj: JsonObject) -> None:
        """Delete an Ingress that was made when the trigger named another gateway."""
        live = unpacked(self._ingresses.get(key))
        owners = live["metadata"].get("ownerReferences") or [] if live else []
        if live is None or obj["metadata"]["uid"] not in {owner.get("uid") for owner in owners}:
            return
        try:
            await self._client.delete(INGRESSES, key.name, namespace=key.namespace, uid=live["metadata"]["uid"])
        except NotFound:
            return

    async def _write_condition(self, key: ObjectKey, obj: JsonObject, condition: Condition | None) -> None:
        current = (obj.get("status") or {}).get("conditions") or []
        if condition is None:
            conditions = [item for item in current if item.get("type") != CONDITION]
        else:
            conditions = merge_conditions(current, [condition], now=self._now())
        if conditions == current:
            return
        version = obj["metadata"]["resourceVersion"]
        body = {"metadata": {"resourceVersion": version}, "status": {"conditions": conditions}}
        try:
            await self._client.patch(HTTP_TRIGGERS, key.name, body, namespace=key.namespace, subresource="status")
        except NotFound:
            return
        log.info("trigger", trigger=key, ingress=condition.reason if condition else "none")


def _condition(obj: JsonObject, problem: Problem | None) -> Condition:
    generation = obj["metadata"].get("generation", 0)
    if problem is not None:
        return Condition(CONDITION, False, problem.reason, problem.message, generation)
    return Condition(CONDITION, True, "Applied", "the Ingress is as it should be", generation)


def _function_key(obj: JsonObject) -> ObjectKey:
    return ObjectKey(obj["metadata"]["namespace"], named_function(obj))
