"""
How each consumer should be, decided from its trigger and function, without I/O.

What has to be the same for a consumer to go on (its topic, which is part of its group's name) is told apart from what
can change while it runs.
"""

from dataclasses import dataclass

from kubeless.api.kafkatrigger import KafkaTriggerSpec
from kubeless.delivery.policy import DeliveryPolicy
from kubeless.delivery.sources.pair import Pair
from kubeless.kafka_consumer.startfrom import StartRule
from kubeless.kafka_consumer.triggers import TriggerRecord
from kubeless.manage.kafkanames import dead_letter_topic
from kubeless.routing.functions import FunctionRecord


@dataclass(frozen=True, slots=True)
class Want:
    """How a pair's consumer should be."""

    topic: str
    rule: StartRule
    policy: DeliveryPolicy
    letters: str
    """Topic of the dead letters; empty: disabled."""


def want(trigger: TriggerRecord, spec: KafkaTriggerSpec, function: FunctionRecord) -> Want:
    """How the consumer for an active `trigger` with `spec`, and a `function` that it selects, should be."""
    letters = spec.delivery.dead_letter
    return Want(
        topic=spec.topic,
        rule=StartRule(spec.start_from, trigger.created, function.created),
        policy=DeliveryPolicy.of(spec.delivery, function_timeout=function.timeout, default_order="partition"),
        letters="" if letters.disabled else letters.topic or dead_letter_topic(spec.topic, *trigger.key),
    )


def group_of(pair: Pair, topic: str) -> str:
    """The consumer group of a pair, named as ever: another name would replay or lose events."""
    return f"{pair.namespace}_{pair.trigger}_{pair.function}_{topic}"
