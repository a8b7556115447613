"""What a trigger's status says, decided from what is known about it."""

from dataclasses import dataclass
from datetime import datetime

from kubeless.api.conditions import merge_conditions
from kubeless.api.kafkatrigger import KafkaTriggerSpec
from kubeless.core.jsontypes import JsonObject
from kubeless.delivery.sources.conditions import (
    PairFacts,
    TriggerFacts,
    broker_reachable,
    dead_letter_writable,
    ready,
    suspended,
)


@dataclass(frozen=True, slots=True)
class Facts(TriggerFacts[KafkaTriggerSpec, PairFacts]):
    """All that a trigger's status depends on."""

    partitions: int | None
    """Over all functions and replicas; None: the broker has not told, so the last number stays."""
    lag: int | None


def desired_status(facts: Facts, *, now: datetime) -> JsonObject:
    """The status to write, given the current one in `facts.trigger`."""
    current = facts.trigger.status
    generation = facts.trigger.metadata.generation
    spec = facts.trigger.spec
    topic = spec.topic if spec is not None else ""
    conditions = [
        ready(facts, "Consuming", f"{topic} goes to {', '.join(facts.functions)}"),
        broker_reachable(facts, "Kafka"),
        dead_letter_writable(spec is not None and spec.delivery.dead_letter.disabled, facts.stuck, generation),
        suspended(spec is not None and spec.suspend, generation),
    ]
    numbers = {"assignedPartitions": facts.partitions, "lag": facts.lag}
    return {
        **current,
        "observedGeneration": generation,
        "functions": list(facts.functions),
        **{name: current.get(name, 0) if value is None else value for name, value in numbers.items()},
        "lastError": facts.last_error,
        "conditions": merge_conditions(current.get("conditions") or [], conditions, now=now),
    }
