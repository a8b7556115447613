"""What a trigger's status says, decided from what is known about it."""

from dataclasses import dataclass
from datetime import datetime

from kubeless.api.conditions import Condition, merge_conditions
from kubeless.api.natstrigger import NATSTriggerSpec
from kubeless.core.jsontypes import JsonObject
from kubeless.delivery.sources import conditions as every
from kubeless.delivery.sources.conditions import TriggerFacts, broker_reachable, dead_letter_writable, ready, suspended


@dataclass(frozen=True, slots=True)
class PairFacts(every.PairFacts):
    """One function of a trigger, as this replica sees it."""

    slow: bool
    """Whether messages were dropped lately since too many came."""
    pending: int


@dataclass(frozen=True, slots=True)
class Facts(TriggerFacts[NATSTriggerSpec, PairFacts]):
    """All that a trigger's status depends on."""

    has_jetstream: bool | None
    """Whether dead letters have a place; None: not known."""


def desired_status(facts: Facts, *, now: datetime) -> JsonObject:
    """The status to write, given the current one in `facts.trigger`."""
    current = facts.trigger.status
    spec = facts.trigger.spec
    generation = facts.trigger.metadata.generation
    topic, names = spec.topic if spec else "", ", ".join(facts.functions)
    conditions = [
        ready(facts, "Consuming" if spec and spec.stream else "Subscribed", f"{topic} goes to {names}"),
        broker_reachable(facts, "NATS"),
        letters_kept(facts, generation),
        suspended(spec is not None and spec.suspend, generation),
        slow_consumer(facts, generation),
        delivery_guarantee(facts, generation),
    ]
    return {
        **current,
        "observedGeneration": generation,
        "functions": list(facts.functions),
        "pending": sum(pair.pending for pair in facts.pairs.values()),
        "lastError": facts.last_error,
        "conditions": merge_conditions(current.get("conditions") or [], conditions, now=now),
    }


def letters_kept(facts: Facts, generation: int) -> Condition:
    """Whether dead letters can be kept. Without JetStream they cannot, and nobody waits for it."""
    spec = facts.trigger.spec
    disabled = spec is not None and spec.delivery.dead_letter.disabled
    if facts.has_jetstream is False and not disabled:
        message = "the server has no JetStream, so events that cannot be delivered are dropped and counted"
        return Condition("DeadLetterWritable", False, "AtMostOnce", message, generation)
    return dead_letter_writable(disabled, facts.stuck, generation)


def slow_consumer(facts: Facts, generation: int) -> Condition:
    """Whether messages were dropped lately since more came than functions take."""
    slow = sorted(function for function, pair in facts.pairs.items() if pair.slow)
    if slow:
        message = (
            f"messages for {', '.join(slow)} are dropped, since more come than it takes; raise its replicas or"
            " spec.delivery.concurrency, or use a stream"
        )
        return Condition("SlowConsumer", True, "MessagesDropped", message, generation)
    return Condition("SlowConsumer", False, "KeepsUp", "no message was dropped lately", generation)


def delivery_guarantee(facts: Facts, generation: int) -> Condition:
    """Whether an event that was published is delivered at least once, or can be lost."""
    spec = facts.trigger.spec
    if spec is None:
        return Condition("DeliveryGuaranteed", None, "InvalidSpec", facts.trigger.problem, generation)
    if spec.stream:
        return Condition("DeliveryGuaranteed", True, "AtLeastOnce", "JetStream keeps what is not done", generation)
    message = "core NATS keeps nothing: what comes while nobody can take it is lost; set spec.stream to keep it"
    return Condition("DeliveryGuaranteed", False, "AtMostOnce", message, generation)
