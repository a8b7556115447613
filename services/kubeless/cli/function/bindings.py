"""
What calls a function, besides HTTP: the columns TYPE, TOPIC and SCHEDULE of `function list -o wide`.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kubeless.api.resource import CRONJOB_TRIGGERS, KAFKA_TRIGGERS, NATS_TRIGGERS, Resource
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.errors import Forbidden, NotFound
from kubeless.manage.selecting import selects

if TYPE_CHECKING:
    from kubeless.kube.client import KubeClient


@dataclass(frozen=True, slots=True)
class Bindings:
    """Lines for the cells of one function."""

    types: tuple[str, ...] = ("HTTP",)
    topics: tuple[str, ...] = ()
    schedules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TriggerLists:
    """The triggers of a namespace."""

    cronjob: Sequence[JsonObject] = ()
    kafka: Sequence[JsonObject] = ()
    nats: Sequence[JsonObject] = ()

    def bindings(self, function: JsonObject) -> Bindings:
        """Those of one function."""
        schedules = [trigger["spec"].get("schedule", "") for trigger in self.cronjob if selects(trigger, function)]
        kafka = [trigger["spec"].get("topic", "") for trigger in self.kafka if selects(trigger, function)]
        nats = [trigger["spec"].get("topic", "") for trigger in self.nats if selects(trigger, function)]
        types = {"HTTP": True, "Kafka": bool(kafka), "NATS": bool(nats), "Scheduled": bool(schedules)}
        return Bindings(
            types=tuple(word for word, is_bound in types.items() if is_bound),
            topics=(*kafka, *nats),
            schedules=tuple(schedules),
        )


async def read_triggers(client: "KubeClient", namespace: str) -> TriggerLists:
    """All triggers of a namespace."""
    resources = (CRONJOB_TRIGGERS, KAFKA_TRIGGERS, NATS_TRIGGERS)
    return TriggerLists(*await asyncio.gather(*(_read(client, namespace, resource) for resource in resources)))


async def _read(client: "KubeClient", namespace: str, resource: Resource) -> list[JsonObject]:
    try:
        return (await client.list(resource, namespace=namespace)).items
    except (Forbidden, NotFound):  # not every installation has every kind of trigger, nor may everybody read them
        return []
