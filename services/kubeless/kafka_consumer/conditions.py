"""What a trigger's status says, decided from what is known about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from kubeless.api.conditions import Condition, merge_conditions
from kubeless.core.jsontypes import JsonObject
from kubeless.delivery.sources.conditions import dead_letter_writable, suspended
from kubeless.delivery.sources.subscription import State
from kubeless.kafka_consumer.triggers import TriggerRecord


@dataclass(frozen=True, slots=True)
class PairFacts:
    """One function of a trigger, as this replica sees it."""

    state: State
    stuck: str
    """Why its dead letters cannot be written; empty if nothing is known to be wrong."""
    last_error: str


@dataclass(frozen=True, slots=True)
class Facts:
    """All that a trigger's status depends on."""

    trigger: TriggerRecord
    broker_asked: bool
    broker_problem: str
    """Why Kafka cannot be used; empty if nothing is known to be wrong."""
    pairs: Mapping[str, PairFacts]
    """By function, of those that are consumed for."""
    functions: tuple[str, ...]
    """Those that the selector means."""
    partitions: int | None
    """Over all functions and replicas; None: the broker has not told, so the last number stays."""
    lag: int | None


def desired_status(facts: Facts, *, now: datetime) -> JsonObject:
    """The status to write, given the current one in `facts.trigger`."""
    current = facts.trigger.status
    generation = facts.trigger.metadata.generation
    spec = facts.trigger.spec
    stuck = {function: pair.stuck for function, pair in facts.pairs.items()}
    conditions = [
        ready(facts, generation),
        broker_reachable(facts, generation),
        dead_letter_writable(spec is not None and spec.delivery.dead_letter.disabled, stuck, generation),
        suspended(spec is not None and spec.suspend, generation),
    ]
    numbers = {"assignedPartitions": facts.partitions, "lag": facts.lag}
    return {
        **current,
        "observedGeneration": generation,
        "functions": list(facts.functions),
        **{name: current.get(name, 0) if value is None else value for name, value in numbers.items()},
        "lastError": _last_error(facts),
        "conditions": merge_conditions(current.get("conditions") or [], conditions, now=now),
    }


def ready(facts: Facts, generation: int) -> Condition:
    """Whether events reach functions, as far as this service is concerned."""
    reason, message = _not_ready(facts)
    if reason:
        return Condition("Ready", False, reason, message, generation)
    names = ", ".join(facts.functions)
    topic = facts.trigger.spec.topic if facts.trigger.spec else ""
    return Condition("Ready", True, "Consuming", f"{topic} goes to {names}", generation)


def broker_reachable(facts: Facts, generation: int) -> Condition:
    """Whether the Kafka cluster answers."""
    if facts.broker_problem:
        return Condition("BrokerReachable", False, "BrokerUnavailable", facts.broker_problem, generation)
    if not facts.broker_asked:
        return Condition("BrokerReachable", None, "NotAsked", "Kafka has not been asked yet", generation)
    return Condition("BrokerReachable", True, "Reachable", "Kafka answers", generation)


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
        return "Starting", f"starting to consume for {', '.join(sorted(missing))}"
    return "", ""


def _last_error(facts: Facts) -> str:
    errors = [f"{function}: {pair.last_error}" for function, pair in sorted(facts.pairs.items()) if pair.last_error]
    return "; ".join(errors) or facts.broker_problem or facts.trigger.problem
