"""
Which consumers there should be, and how each should deliver: decided from triggers and functions, without I/O.

A trigger that is suspended, on its way out, or not to be understood wants none. What has to be the same for a consumer
to go on (its topic, which is part of its group's name) is told apart from what can change while it runs.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from kubeless.api.kafkatrigger import KafkaTriggerSpec
from kubeless.delivery.policy import DeliveryPolicy
from kubeless.kafka_consumer.deadletters import default_topic
from kubeless.kafka_consumer.startfrom import StartRule
from kubeless.kafka_consumer.triggers import TriggerRecord
from kubeless.kube.cache import ObjectKey
from kubeless.routing.functions import FunctionRecord


class Pair(NamedTuple):
    """One trigger and one function that it selects; both are in the namespace."""

    namespace: str
    trigger: str
    function: str

    def group(self, topic: str) -> str:
        """The consumer group, named as ever: another name would replay or lose events."""
        return f"{self.namespace}_{self.trigger}_{self.function}_{topic}"


@dataclass(frozen=True, slots=True)
class Want:
    """How a pair's consumer should be."""

    topic: str
    rule: StartRule
    policy: DeliveryPolicy
    letters: str
    """Topic of the dead letters; empty: disabled."""


def consumes(trigger: TriggerRecord | None) -> KafkaTriggerSpec | None:
    """The spec of a trigger that takes in events now, else None."""
    if trigger is None or trigger.metadata.deleting or trigger.spec is None or trigger.spec.suspend:
        return None
    return trigger.spec


def want(trigger: TriggerRecord | None, function: FunctionRecord | None) -> Want | None:
    """How the consumer for `trigger` and `function` should be; None: there should be none."""
    spec = consumes(trigger)
    if trigger is None or spec is None or function is None or not spec.function_selector.matches(function.labels):
        return None
    letters = spec.delivery.dead_letter
    namespace, name = trigger.key
    return Want(
        topic=spec.topic,
        rule=StartRule(spec.start_from, trigger.created, function.created),
        policy=DeliveryPolicy.of(spec.delivery, function_timeout=function.timeout, default_order="partition"),
        letters="" if letters.disabled else letters.topic or default_topic(spec.topic, namespace, name),
    )


def pairs_of(key: ObjectKey, functions: Iterable[FunctionRecord]) -> set[Pair]:
    """The pairs of one trigger with `functions`."""
    return {Pair(key.namespace, key.name, function.name) for function in functions}
