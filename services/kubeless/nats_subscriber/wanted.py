"""
How the subscription of each pair should be: decided from trigger and function, without I/O.

What has to be the same for an intake to go on (subject, stream, consumer) is told apart from what can change meanwhile.
"""

from dataclasses import dataclass

from kubeless.api.natstrigger import NATSTriggerSpec, parse_nats_trigger
from kubeless.delivery.policy import DeliveryPolicy
from kubeless.delivery.sources.pair import Pair
from kubeless.delivery.sources.record import TriggerRecord, reader
from kubeless.manage.natsnames import dead_letter_subject
from kubeless.nats_subscriber.consumers import ConsumerPlan
from kubeless.nats_subscriber.names import consumer_name, queue_group
from kubeless.nats_subscriber.settings import Settings
from kubeless.routing.functions import FunctionRecord

FINALIZER = "kubeless.io/natstrigger"
"""Put on every trigger by the Go controller, which waited for its subscriptions to end."""

NatsRecord = TriggerRecord[NATSTriggerSpec]

read_trigger = reader(parse_nats_trigger)
"""The informer's transform."""


@dataclass(frozen=True, slots=True)
class Want:
    """How a pair should be served."""

    topic: str
    queue: str
    stream: str
    """Empty: core NATS."""
    consumer: str
    since: float
    """Seconds since the epoch from which on messages of a stream are delivered."""
    policy: DeliveryPolicy
    key_token: int
    """The token of the subject by which messages are ordered, counted from 1; 0: the header is."""
    letters: str
    """Subject of the dead letters; empty: disabled."""

    def same_intake(self, other: "Want") -> bool:
        """Whether an intake for this can go on for the other."""
        return self._intake() == other._intake()

    def _intake(self) -> tuple[object, ...]:
        # Whether there is order is a matter of the consumer; which one there is, of delivery alone. What the key is
        # belongs to an event from the start, so those of two keys must not wait together.
        ordered = bool(self.stream) and self.policy.order != "none"
        return self.topic, self.stream, self.consumer, self.key_token, ordered


def want(trigger: NatsRecord, spec: NATSTriggerSpec, function: FunctionRecord) -> Want:
    """How the pair of `trigger`, whose spec is `spec`, and `function`, which it selects, should be served."""
    pair = Pair(*trigger.key, function.name)
    letters = spec.delivery.dead_letter
    return Want(
        topic=spec.topic,
        queue=queue_group(pair, spec.topic),
        stream=spec.stream,
        consumer=(spec.durable or consumer_name(pair)) if spec.stream else "",
        since=max(trigger.created, function.created),
        policy=DeliveryPolicy.of(spec.delivery, function_timeout=function.timeout, default_order=spec.order),
        key_token=spec.delivery.key_token,
        letters="" if letters.disabled else letters.subject or dead_letter_subject(*trigger.key),
    )


def plan(pair: Pair, wanted: Want, settings: Settings) -> ConsumerPlan:
    """The consumer of a pair on a stream."""
    return ConsumerPlan(
        stream=wanted.stream,
        name=wanted.consumer,
        topic=wanted.topic,
        owner="/".join(pair),
        order=wanted.policy.order,
        concurrency=wanted.policy.concurrency,
        since=wanted.since,
        ack_wait=settings.ack_wait,
        expiry=settings.consumer_expiry,
        pinned=False,
    )
