"""
HorizontalPodAutoscaler -> the scale of its target.

Every few seconds each autoscaler is looked at: read the target's scale, read the metrics, decide (pure, see
`decision`), scale, and write down what was seen. Without autoscalers nothing is done. The history that stabilizes lies
in memory alone, as in Kubernetes; after a restart the number of pods found counts as the first recommendation.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NoReturn

import structlog
from aiohttp import ClientSession

from kubeless.api.metadata import format_time
from kubeless.api.resource import FUNCTIONS, Resource
from kubeless.core.errors import InvalidField, KubelessError
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.cache import ObjectKey
from kubeless.kube.client import KubeClient
from kubeless.kube.errors import KubeError, NotFound
from kubeless.kube.informer import Informer
from kubeless.kube.resources import DEPLOYMENTS, HPAS, REPLICA_SETS
from kubeless.local.apiserver.selectors import parse_label_selector
from kubeless.local.node.autoscaler.behavior import History
from kubeless.local.node.autoscaler.calls import CallRates
from kubeless.local.node.autoscaler.decision import ABLE, GOT_SCALE, Decision, decide, parse_rule
from kubeless.local.node.autoscaler.metric import parse_metric
from kubeless.local.node.autoscaler.readings import Readings, ScaleTarget
from kubeless.local.node.endpoints import BY_NAMESPACE
from kubeless.local.node.events import EventRecorder
from kubeless.local.node.podreadiness import is_active
from kubeless.local.node.podstatus import CoreCondition, merge_core_conditions
from kubeless.local.node.usage import UsageMeter

log = structlog.get_logger(__name__)

_SCALABLE = {resource.kind: resource for resource in (DEPLOYMENTS, REPLICA_SETS, FUNCTIONS)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What autoscalers are decided by."""

    autoscalers: Informer[JsonObject]
    pods: Informer[JsonObject]
    """With the index `BY_NAMESPACE`."""
    services: Informer[JsonObject]
    """With the index `BY_NAMESPACE`."""
    usage: UsageMeter


class AutoscalerController:
    """Acts while `run` runs, in a task of the owner."""

    def __init__(
        self,
        client: KubeClient,
        events: EventRecorder,
        observed: Observed,
        *,
        period: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`period`: seconds between two looks at an autoscaler."""
        self._client = client
        self._events = events
        self._observed = observed
        self._period = period
        self._clock = clock
        self._histories: dict[str, History] = {}
        self._some = asyncio.Event()

    async def run(self) -> NoReturn:
        """Act until cancelled."""
        self._observed.autoscalers.subscribe(self._on_change)
        async with ClientSession() as session:
            readings = Readings(
                self._observed.usage,
                CallRates(session, clock=self._clock),
                pods=self._observed.pods,
                services=self._observed.services,
            )
            while True:
                await self._some.wait()
                await self._look_at_all(readings)
                await asyncio.sleep(self._period)

    def _on_change(self, _key: ObjectKey, old: JsonObject | None, new: JsonObject | None) -> None:
        if new is not None:
            self._some.set()
        elif old is not None:
            self._histories.pop(old["metadata"]["uid"], None)

    async def _look_at_all(self, readings: Readings) -> None:
        autoscalers = self._observed.autoscalers.values()
        if not autoscalers:
            self._some.clear()
        for autoscaler in autoscalers:
            try:
                await self._look_at(autoscaler, readings)
            except KubelessError as error:
                name = autoscaler["metadata"]["name"]
                log.warning("autoscaler not followed, will retry", autoscaler=name, error=str(error))

    async def _look_at(self, autoscaler: JsonObject, readings: Readings) -> None:
        now = self._clock()
        namespace = autoscaler["metadata"]["namespace"]
        reference = autoscaler["spec"]["scaleTargetRef"]
        try:
            resource = _scalable(str(reference.get("kind", "")))
            scale = await self._client.get(
                resource, str(reference.get("name", "")), namespace=namespace, subresource="scale"
            )
        except (InvalidField, NotFound) as error:
            await self._tell_no_scale(autoscaler, str(error))
            return
        current = int((scale.get("spec") or {}).get("replicas") or 0)
        uid = autoscaler["metadata"]["uid"]
        history = self._histories.get(uid) or History(recommended=((now, current),))
        decision = await self._decide(autoscaler, scale, current, readings, history)
        if decision.replicas != current:
            change = {"spec": {"replicas": decision.replicas}}
            await self._client.patch(resource, reference["name"], change, namespace=namespace, subresource="scale")
            text = f"New size: {decision.replicas}; reason: {decision.reason}"
            self._events.record(autoscaler, "SuccessfulRescale", text)
        self._histories[uid] = decision.history
        await self._write(autoscaler, decision, replicas=int((scale.get("status") or {}).get("replicas") or 0))

    async def _decide(
        self, autoscaler: JsonObject, scale: JsonObject, current: int, readings: Readings, history: History
    ) -> Decision:
        namespace = autoscaler["metadata"]["namespace"]
        selects = parse_label_selector(str((scale.get("status") or {}).get("selector", "")))
        pods = [
            pod
            for pod in self._observed.pods.by_index(BY_NAMESPACE, namespace)
            if is_active(pod) and selects(pod["metadata"].get("labels") or {})
        ]
        target = ScaleTarget(namespace, current, pods)
        metrics = [parse_metric(metric) for metric in autoscaler["spec"].get("metrics") or []]
        moment = datetime.now(UTC)
        found = [await readings.of(metric, target, now=moment) for metric in metrics] if current else []
        decision = decide(parse_rule(autoscaler["spec"]), current, found, history, now=self._clock())
        for reading in found:
            if reading.proposal is None:
                self._events.record(autoscaler, reading.metric.failure, reading.problem, warning=True)
        return decision

    async def _tell_no_scale(self, autoscaler: JsonObject, problem: str) -> None:
        text = f"the HPA controller was unable to get the target's current scale: {problem}"
        self._events.record(autoscaler, "FailedGetScale", problem, warning=True)
        condition = CoreCondition(ABLE, False, "FailedGetScale", text)
        await self._write(autoscaler, Decision(0, (condition,), (), History()), replicas=0)

    async def _write(self, autoscaler: JsonObject, decision: Decision, *, replicas: int) -> None:
        """Write the status if it is not there already."""
        before = autoscaler.get("status") or {}
        # A condition that this look says nothing about stays as it was.
        told = {condition.type for condition in decision.conditions}
        others = [condition for condition in before.get("conditions") or [] if condition.get("type") not in told]
        now = datetime.now(UTC)
        new = merge_core_conditions(before.get("conditions") or [], decision.conditions or (GOT_SCALE,), now=now)
        status = {
            "observedGeneration": autoscaler["metadata"].get("generation", 1),
            "currentReplicas": replicas,
            "desiredReplicas": decision.replicas,
            "currentMetrics": list(decision.metrics),
            "conditions": sorted([*new, *others], key=lambda each: _ORDER.get(each["type"], len(_ORDER))),
        }
        if decision.reason:
            status["lastScaleTime"] = format_time(now)
        if any(before.get(key) != value for key, value in status.items()):
            metadata = autoscaler["metadata"]
            try:
                await self._client.patch(
                    HPAS, metadata["name"], {"status": status}, namespace=metadata["namespace"], subresource="status"
                )
            except NotFound:
                pass  # it was deleted meanwhile
            except KubeError as error:
                log.debug("autoscaler's status not written, will retry", error=str(error))


_ORDER = {"AbleToScale": 0, "ScalingActive": 1, "ScalingLimited": 2}


def _scalable(kind: str) -> Resource:
    """Raises InvalidField."""
    resource = _SCALABLE.get(kind)
    if resource is None:
        raise InvalidField(
            "spec.scaleTargetRef.kind", kind, problem="cannot be scaled", remedy=f"use one of {', '.join(_SCALABLE)}"
        )
    return resource
