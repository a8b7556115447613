"""What our services write into the status of custom resources. Only the schemas come from here; nothing is parsed."""

from typing import Annotated, Literal

from pydantic import Field

from kubeless.api.conditions import MESSAGE_LIMIT
from kubeless.api.model import Model

_Time = Annotated[str, Field(json_schema_extra={"format": "date-time"})]


class ConditionStatus(Model):
    """A metav1.Condition."""

    type: str = Field(max_length=316, description="What the condition is about, such as Ready.")
    status: Literal["True", "False", "Unknown"] = Field(description="Whether it holds.")
    reason: str = Field(max_length=1024, description="One word that says why, for programs.")
    message: str = Field(
        max_length=MESSAGE_LIMIT, description="What is the matter and what to do about it, for people."
    )
    last_transition_time: _Time = Field(description="When status changed last.")
    observed_generation: int = Field(
        default=0,
        ge=0,
        json_schema_extra={"format": "int64"},
        description="metadata.generation the condition speaks of.",
    )


class Status(Model):
    """Common to all kinds."""

    observed_generation: int = Field(
        default=0, ge=0, json_schema_extra={"format": "int64"}, description="metadata.generation the status speaks of."
    )
    conditions: tuple[ConditionStatus, ...] = Field(
        default=(),
        json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]},
        description="What holds and what does not, one entry per type.",
    )


class FunctionStatus(Status):
    """State of a function."""

    replicas: int = Field(default=0, ge=0, json_schema_extra={"format": "int32"}, description="Pods there are.")
    ready_replicas: int = Field(default=0, ge=0, json_schema_extra={"format": "int32"}, description="Pods that answer.")
    selector: str = Field(default="", description="Label selector of the pods, for autoscalers.")


class BoundFunction(Model):
    """One function, not any later one of its name."""

    name: str = Field(max_length=253, description="Name of the function.")
    uid: str = Field(max_length=64, description="metadata.uid of the function.")


_Bound = Annotated[
    BoundFunction | None,
    Field(
        description="The function that the trigger was seen with. When that function is deleted, the trigger is, too."
    ),
]


class HTTPTriggerStatus(Status):
    """State of an HTTP trigger."""

    bound_function: _Bound = None


class CronJobTriggerStatus(Status):
    """State of a schedule."""

    bound_function: _Bound = None

    last_schedule_time: _Time = Field(
        default="", description="The last time of the schedule that was dealt with; later ones are still due."
    )
    last_successful_time: _Time = Field(
        default="", description="The latest time of the schedule for which a call succeeded."
    )
    next_schedule_time: _Time = Field(default="", description="When the trigger is due next.")
    active: int = Field(
        default=0, ge=0, json_schema_extra={"format": "int32"}, description="Calls that have not ended yet."
    )


class KafkaTriggerStatus(Status):
    """State of a Kafka trigger, over all replicas that consume for it."""

    functions: tuple[Annotated[str, Field(max_length=253)], ...] = Field(
        default=(), description="Functions that the selector means, by name."
    )
    assigned_partitions: int = Field(
        default=0,
        ge=0,
        json_schema_extra={"format": "int32"},
        description="Partitions of the topic that some replica consumes, summed over the functions.",
    )
    lag: int = Field(
        default=0,
        ge=0,
        json_schema_extra={"format": "int64"},
        description="Records that are not acknowledged yet, summed over the functions.",
    )
    last_error: str = Field(
        default="", max_length=MESSAGE_LIMIT, description="What went wrong last; empty if nothing is wrong now."
    )


class NATSTriggerStatus(Status):
    """State of a NATS trigger."""

    functions: tuple[Annotated[str, Field(max_length=253)], ...] = Field(
        default=(), description="Functions that the selector means, by name."
    )
    pending: int = Field(
        default=0,
        ge=0,
        json_schema_extra={"format": "int64"},
        description=(
            "Messages that are not acknowledged yet, summed over the functions; with JetStream over all replicas, "
            "without it those that the replica holds which writes the status."
        ),
    )
    last_error: str = Field(
        default="", max_length=MESSAGE_LIMIT, description="What went wrong last; empty if nothing is wrong now."
    )
