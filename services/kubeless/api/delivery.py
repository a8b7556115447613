"""How events reach functions: attempts, order, concurrency, and where events go that could not be delivered."""

from typing import Literal

from pydantic import Field, model_validator

from kubeless.api.durations import Seconds
from kubeless.api.model import Model, problem
from kubeless.api.natssubject import MAX_TOKENS, subject_problem

Order = Literal["partition", "key", "none"]

_ORDER_MEANING = (
    "partition: one event at a time per partition; key: one at a time per key, keys in parallel; none: no order."
)


class Retry(Model):
    """Exponential with full jitter; a Retry-After header of the function is honoured."""

    max_attempts: int = Field(default=5, ge=1, le=1000, description="Attempts in total. Default 5.")
    initial_delay: Seconds = Field(default=0.5, description="Seconds; bound of the first pause. Default 0.5.")
    max_delay: Seconds = Field(default=60.0, description="Seconds; no pause is longer. Default 60.")
    max_age: Seconds = Field(
        default=3600.0, description="Seconds since the first attempt after which there is no further one. Default 3600."
    )


class DeadLetter(Model):
    """Where exhausted and refused events go."""

    disabled: bool = Field(default=False, description="Drop such events instead; a counter shows how many.")


class TopicDeadLetter(DeadLetter):
    """Dead letters in Kafka."""

    topic: str = Field(
        default="", max_length=249, description="Kafka topic. Default <topic>.<namespace>.<trigger>.dlq."
    )

    @model_validator(mode="after")
    def _either_topic_or_disabled(self) -> "TopicDeadLetter":
        if self.topic and self.disabled:
            raise problem("is given although dead letters are disabled", remedy="remove one of the two", at="topic")
        return self


class SubjectDeadLetter(DeadLetter):
    """Dead letters in NATS."""

    subject: str = Field(
        default="", max_length=512, description="NATS subject. Default kubeless.dlq.<namespace>.<trigger>."
    )

    @model_validator(mode="after")
    def _either_subject_or_disabled(self) -> "SubjectDeadLetter":
        if self.subject and self.disabled:
            raise problem("is given although dead letters are disabled", remedy="remove one of the two", at="subject")
        wrong, _, remedy = (
            subject_problem(self.subject, wildcards=False).partition("; ") if self.subject else ("", "", "")
        )
        if wrong:
            raise problem(wrong, remedy=remedy, at="subject")
        return self


class Delivery(Model):
    """What every source of events offers."""

    timeout: Seconds | None = Field(
        default=None, description="Seconds for one attempt. Default: the timeout of the function."
    )
    retry: Retry = Field(default_factory=Retry, description="When to try again.")


class CronDelivery(Delivery):
    """Delivery of scheduled calls."""

    dead_letter: DeadLetter = Field(
        default_factory=DeadLetter, description="What happens to a call that could not be delivered."
    )


class KafkaDelivery(Delivery):
    """Delivery of Kafka records."""

    dead_letter: TopicDeadLetter = Field(
        default_factory=TopicDeadLetter, description="Where events go that could not be delivered."
    )
    order: Order = Field(default="partition", description=f"{_ORDER_MEANING} Default partition.")
    concurrency: int = Field(
        default=64, ge=1, le=65_536, description="Events in flight per function and replica. Default 64."
    )


class NATSDelivery(Delivery):
    """Delivery of NATS messages."""

    dead_letter: SubjectDeadLetter = Field(
        default_factory=SubjectDeadLetter, description="Where events go that could not be delivered."
    )
    order: Order | None = Field(
        default=None, description=f"{_ORDER_MEANING} Default partition with JetStream, none without."
    )
    key_token: int = Field(
        default=0,
        ge=0,
        le=MAX_TOKENS,
        description="With order key: the token of the subject that is the key, counted from 1; keys then span "
        "subjects. Default 0: the key is the header Kubeless-Key, within a subject.",
    )
    concurrency: int = Field(
        default=64, ge=1, le=65_536, description="Messages in flight per function and replica. Default 64."
    )

    @model_validator(mode="after")
    def _token_needs_keys(self) -> "NATSDelivery":
        if self.key_token and self.order != "key":
            raise problem("needs order by key", remedy="set order to key, or remove keyToken", at="keyToken")
        return self
