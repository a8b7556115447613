"""KafkaTrigger: records of a topic become calls of functions."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from kubeless.api.delivery import KafkaDelivery
from kubeless.api.metadata import Metadata
from kubeless.api.model import Model, parse_spec, problem
from kubeless.api.selector import LabelSelector
from kubeless.core.jsontypes import JsonObject

KIND = "KafkaTrigger"

_START_WORDS = ("trigger", "earliest", "latest")


def _read_start(value: object) -> object:
    if value == "":
        return "trigger"
    if value in _START_WORDS:
        return value
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else datetime.min
    except ValueError:
        moment = datetime.min
    if moment.tzinfo is None:
        remedy = "give trigger, earliest, latest or a time such as 2025-01-31T09:00:00Z"
        raise problem("is no place to start", remedy=remedy)
    return moment


StartFrom = Annotated[
    Literal["trigger", "earliest", "latest"] | datetime,
    BeforeValidator(_read_start),
    WithJsonSchema(
        {
            "type": "string",
            "maxLength": 40,
            "pattern": r"^(trigger|earliest|latest|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|[+-][0-9]{2}:[0-9]{2}))?$",
        }
    ),
]
"""Where a new consumer group begins; a datetime is aware."""


class KafkaTriggerSpec(Model):
    """Which records go to which functions."""

    topic: str = Field(min_length=1, max_length=249, description="Kafka topic.")
    function_selector: LabelSelector = Field(
        description="Functions of the same namespace by label. Each selected one gets every record; {} selects all."
    )
    start_from: StartFrom = Field(
        default="trigger",
        description="Where a new consumer group begins: trigger (the later of the creation of the trigger and of the "
        "function), earliest, latest, or a time in RFC 3339. Default trigger.",
    )
    delivery: KafkaDelivery = Field(default_factory=KafkaDelivery, description="Attempts, order and dead letters.")
    suspend: bool = Field(default=False, description="Take in no records; those in flight are finished.")


@dataclass(frozen=True, slots=True)
class KafkaTrigger:
    """A KafkaTrigger object."""

    metadata: Metadata
    spec: KafkaTriggerSpec


def parse_kafka_trigger(obj: JsonObject) -> KafkaTrigger:
    """
    Read a KafkaTrigger object.

    Raises InvalidObject that lists every field which cannot be used.
    """
    return KafkaTrigger(Metadata.parse(obj), parse_spec(KafkaTriggerSpec, obj, kind=KIND))
