"""What a trigger's status says, decided from what is known about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from kubeless.api.conditions import Condition, merge_conditions
from kubeless.core.jsontypes import JsonObject
from kubeless.delivery.sources.conditions import dead_letter_writable, suspended
from kubeless.delivery.sources.subscription import State
from kubeless.nats_subscriber.wanted import NatsRecord


@dataclass(frozen=True, slots=True)
class PairFacts:
    """One function of a trigger, as this replica sees it."""

    state: State
    stuck: str
    """Why its dead letters cannot be written; empty if nothing is known to be wrong."""
    last_error: str
    slow: bool
    """Whether messages were dropped lately since too many came."""
    pending: int


@dataclass(frozen=True, slots=True)
class Facts:
    """All that a trigger's status depends on."""

    trigger: NatsRecord
    broker_asked: bool
    broker_problem: str
    """Why NATS cannot be used; empty if nothing is known to be wrong."""
    has_jetstream: bool | None
    """Whether dead letters have a place; None: not known."""
    pairs: Mapping[str, PairFacts]
    """By function, of those that are subscribed for."""
    functions: tuple[str, ...]
    """Those that the selector means."""


def desired_status(facts: Facts, *, now: datetime) -> JsonObject:
    """The status to write, given the current one in `facts.trigger`."""
    current = facts.trigger.status
    spec = facts.trigger.spec
    generation = facts.trigger.metadata.generation
    conditions = [
        ready(facts, generation),
        broker_reachable(facts, generation),
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
        "lastError": _last_error(facts),
        "conditions": merge_conditions(current.get("conditions") or [], conditions, now=now),
    }


def ready(facts: Facts, generation: int) -> Condition:
    """Whether events reach functions, as far as this service is concerned."""
    reason, message = _not_ready(facts)
    if reason:
        return Condition("Ready", False, reason, message, generation)
    spec = facts.trigger.spec
    reason = "Consuming" if spec is not None and spec.stream else "Subscribed"
    topic = spec.topic if spec is not None else ""
    return Condition("Ready", True, reason, f"{topic} goes to {', '.join(facts.functions)}", generation)


def broker_reachable(facts: Facts, generation: int) -> Condition:
    """Whether the NATS server answers."""
    if facts.broker_problem:
        return Condition("BrokerReachable", False, "BrokerUnavailable", facts.broker_problem, generation)
    if not facts.broker_asked:
        return Condition("BrokerReachable", None, "NotAsked", "NATS has not been asked yet", generation)
    return Condition("BrokerReachable", True, "Reachable", "NATS answers", generation)


def letters_kept(facts: Facts, generation: int) -> Condition:
    """Whether dead letters can be kept. Without JetStream they cannot, and nobody waits for it."""
    spec = facts.trigger.spec
    disabled = spec is not None and spec.delivery.dead_letter.disabled
    if facts.has_jetstream is False and not disabled:
        message = "the server has no JetStream, so events that cannot be delivered are dropped and counted"
        return Condition("DeadLetterWritable", False, "AtMostOnce", message, generation)
    stuck = {function: pair.stuck for function, pair in facts.pairs.items()}
    return dead_letter_writable(disabled, stuck, generation)


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


def _not_ready(facts: Facts) -> tuple[str, str]:
    spec = facts.trigger.spec
    if spec is None:
        return "InvalidSpec", facts.trigger.problem
    if spec.suspend:
        return "Suspended", "the trigger is suspended"
    if not facts.functions:
        return "NoFunctions", "no function has the labels of spec.functionSelector; deploy or label one"
    if facts.broker_problem:
        return "BrokerUnavailable", facts.broker_problem
    for function, pair in sorted(facts.pairs.items()):
        if pair.stuck:
            return "DeadLetterNotWritable", f"{function}: {pair.stuck}"
        if not pair.state.healthy:
            return pair.state.reason, f"{function}: {pair.state.message}"
    missing = set(facts.functions) - facts.pairs.keys()
    if missing:
        return "Starting", f"starting to subscribe for {', '.join(sorted(missing))}"
    return "", ""


def _last_error(facts: Facts) -> str:
    errors = [f"{function}: {pair.last_error}" for function, pair in sorted(facts.pairs.items()) if pair.last_error]
    return "; ".join(errors) or facts.broker_problem or facts.trigger.problem
