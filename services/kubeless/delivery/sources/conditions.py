"""Conditions that triggers of every source have, decided from what is known about them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from kubeless.api.conditions import Condition
from kubeless.delivery.sources.record import TriggerRecord
from kubeless.delivery.sources.subscription import State
from kubeless.delivery.sources.subscriptions import SelectingSpec

SpecT = TypeVar("SpecT", bound=SelectingSpec)
PairT = TypeVar("PairT", bound="PairFacts")


@dataclass(frozen=True, slots=True)
class PairFacts:
    """One function of a trigger, as this replica sees it."""

    state: State
    stuck: str
    """Why its dead letters cannot be written; empty if nothing is known to be wrong."""
    last_error: str


@dataclass(frozen=True, slots=True)
class TriggerFacts(Generic[SpecT, PairT]):
    """What the status of every trigger depends on."""

    trigger: TriggerRecord[SpecT]
    broker_asked: bool
    broker_problem: str
    """Why the broker cannot be used; empty if nothing is known to be wrong."""
    pairs: Mapping[str, PairT]
    """By function, of those that this replica serves."""
    functions: tuple[str, ...]
    """Those that the selector means."""

    @property
    def stuck(self) -> dict[str, str]:
        """By function, why its dead letters cannot be written."""
        return {function: pair.stuck for function, pair in self.pairs.items()}

    @property
    def last_error(self) -> str:
        """What went wrong last, for people."""
        errors = [f"{function}: {pair.last_error}" for function, pair in sorted(self.pairs.items()) if pair.last_error]
        return "; ".join(errors) or self.broker_problem or self.trigger.problem


def ready(facts: TriggerFacts[SpecT, PairT], reason: str, message: str) -> Condition:
    """Whether events reach functions, as far as this service is concerned; with `reason` and `message` if they do."""
    wrong, why = _not_ready(facts)
    generation = facts.trigger.metadata.generation
    return Condition("Ready", not wrong, wrong or reason, why or message, generation)


def broker_reachable(facts: TriggerFacts[SpecT, PairT], broker: str) -> Condition:
    """Whether the broker, named for people, answers."""
    kind, generation = "BrokerReachable", facts.trigger.metadata.generation
    if facts.broker_problem:
        return Condition(kind, False, "BrokerUnavailable", facts.broker_problem, generation)
    if not facts.broker_asked:
        return Condition(kind, None, "NotAsked", f"{broker} has not been asked yet", generation)
    return Condition(kind, True, "Reachable", f"{broker} answers", generation)


def suspended(suspend: bool, generation: int) -> Condition:
    """Whether the trigger takes in nothing since somebody wants it so."""
    if suspend:
        return Condition("Suspended", True, "Suspended", "set spec.suspend to false to go on", generation)
    return Condition("Suspended", False, "Active", "the trigger takes in events", generation)


def dead_letter_writable(disabled: bool, stuck: Mapping[str, str], generation: int) -> Condition:
    """
    Whether dead letters can be kept: known to be wrong, or not known to be.

    `stuck` says by function why its dead letters cannot be written; empty texts count as nothing.
    """
    kind = "DeadLetterWritable"
    if disabled:
        return Condition(kind, True, "Disabled", "dead letters are disabled; such events are dropped", generation)
    for function, why in sorted(stuck.items()):
        if why:
            message = f"events for {function} wait for their dead letter: {why}"
            return Condition(kind, False, "WriteFailed", message, generation)
    return Condition(kind, True, "Writable", "no dead letter has failed to be written", generation)


def _not_ready(facts: TriggerFacts[SpecT, PairT]) -> tuple[str, str]:
    """Reason and message; empty if it is."""
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
        return "Starting", f"starting to take in events for {', '.join(sorted(missing))}"
    return "", ""
