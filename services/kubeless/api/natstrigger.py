"""NATSTrigger: messages on a subject become calls of functions."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, model_validator

from kubeless.api.delivery import NATSDelivery, Order
from kubeless.api.metadata import Metadata
from kubeless.api.model import Model, parse_spec, problem
from kubeless.api.natssubject import MAX_NAME, name_problem, subject_problem, token_problem
from kubeless.api.selector import LabelSelector
from kubeless.core.jsontypes import JsonObject

KIND = "NATSTrigger"

JetStreamName = Annotated[str, Field(json_schema_extra={"pattern": r"^[^\s.*>/\\]*$", "maxLength": MAX_NAME})]
"""A stream or consumer. The pattern is for the API server; here `name_problem` says in words what is wrong."""


class NATSTriggerSpec(Model):
    """Which messages go to which functions."""

    topic: str = Field(min_length=1, max_length=512, description="NATS subject; wildcards * and > work.")
    function_selector: LabelSelector = Field(
        description="Functions of the same namespace by label. Each selected one gets every message; {} selects all."
    )
    stream: JetStreamName = Field(
        default="", description="JetStream stream to pull from. Without one the subject is joined in a queue group."
    )
    durable: JetStreamName = Field(
        default="", description="Name of the JetStream consumer. Default: made from the trigger and the function."
    )
    delivery: NATSDelivery = Field(default_factory=NATSDelivery, description="Attempts, order and dead letters.")
    suspend: bool = Field(default=False, description="Take in no messages; those in flight are finished.")

    @model_validator(mode="after")
    def _check(self) -> "NATSTriggerSpec":
        if self.durable and not self.stream:
            raise problem("needs a stream", remedy="name the stream, or remove durable", at="durable")
        checks = {
            "topic": subject_problem(self.topic, wildcards=True),
            "stream": name_problem(self.stream),
            "durable": name_problem(self.durable),
        }
        for field, told in checks.items():
            wrong, _, remedy = told.partition("; ")
            if wrong:
                raise problem(wrong, remedy=remedy, at=field)
        wrong, _, remedy = token_problem(self.topic, self.delivery.key_token).partition("; ")
        if wrong:
            raise problem(wrong, remedy=remedy, at="delivery.keyToken")
        return self

    @property
    def order(self) -> Order:
        """The order asked for, or the one that fits the source: core NATS promises none."""
        return self.delivery.order or ("partition" if self.stream else "none")


@dataclass(frozen=True, slots=True)
class NATSTrigger:
    """A NATSTrigger object."""

    metadata: Metadata
    spec: NATSTriggerSpec


def parse_nats_trigger(obj: JsonObject) -> NATSTrigger:
    """
    Read a NATSTrigger object.

    Raises InvalidObject that lists every field which cannot be used.
    """
    return NATSTrigger(Metadata.parse(obj), parse_spec(NATSTriggerSpec, obj, kind=KIND))
