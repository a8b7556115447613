"""Deliver a single event outside of any subscription, by the rules of its trigger."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

from kubeless.api.delivery import Delivery
from kubeless.delivery.admin.errors import AdminError
from kubeless.delivery.counters import EventCounters
from kubeless.delivery.deadletter import DeadLetterSink
from kubeless.delivery.deliverer import Deliverer
from kubeless.delivery.policy import DeliveryPolicy
from kubeless.delivery.sender import Sender
from kubeless.delivery.telemetry import SILENT, Telemetry
from kubeless.delivery.trigger import TriggerRef
from kubeless.kube.cache import ObjectKey
from kubeless.routing.functions import FunctionRecord


class EngineRedelivery:
    """Redelivery through the delivery engine, counted like every other event of the trigger and function."""

    def __init__(
        self,
        *,
        sender: Sender,
        counters: EventCounters,
        function: Callable[[str, str], FunctionRecord | None],
        delivery: Callable[[ObjectKey], Delivery | None],
        ready: Callable[[], bool] = lambda: True,
        telemetry: Telemetry = SILENT,
    ) -> None:
        """
        `function(namespace, name)` and `delivery(trigger)` look up what there is; None: it is gone. A trigger that says
        nothing of order gets that of its source, whatever it has otherwise. `ready()`: whether functions and triggers
        are known yet; the admin port is open before.
        """
        self._sender = sender
        self._counters = counters
        self._function = function
        self._delivery = delivery
        self._ready = ready
        self._telemetry = telemetry

    def check_ready(self) -> None:
        """See `redrive.Redelivery`."""
        if not self._ready():
            problem = "the service starts and does not know the functions yet, or stops"
            raise AdminError(503, "NotReady", f"{problem}; try again when its /readyz answers 200")

    @asynccontextmanager
    async def open(
        self, trigger: TriggerRef, function: ObjectKey, *, sink: DeadLetterSink, max_age: float
    ) -> AsyncIterator[Deliverer]:
        """See `redrive.Redelivery`."""
        record = self._function(function.namespace, function.name)
        if record is None:
            raise AdminError(
                409,
                "NoFunction",
                f"function {function.name} in namespace {function.namespace} is gone; deploy it again, or purge",
            )
        delivery = self._delivery(ObjectKey(trigger.namespace, trigger.name)) or Delivery()
        policy = DeliveryPolicy.of(delivery, function_timeout=record.timeout, default_order="partition")
        policy = replace(policy, max_age=min(policy.max_age, max_age))
        async with Deliverer(
            trigger,
            function,
            policy,
            sender=self._sender,
            dead_letters=sink,
            counters=self._counters,
            telemetry=self._telemetry,
        ) as deliverer:
            yield deliverer
