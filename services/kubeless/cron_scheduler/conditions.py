"""What a trigger's status says, decided from what is known about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from kubeless.api.conditions import MESSAGE_LIMIT, Condition, merge_conditions
from kubeless.api.metadata import format_time
from kubeless.core.jsontypes import JsonObject
from kubeless.cron_scheduler.plans import moment_of
from kubeless.cron_scheduler.runs import Result
from kubeless.cron_scheduler.triggers import CronTrigger


@dataclass(frozen=True, slots=True)
class Facts:
    """All that a trigger's status depends on. Moments are seconds since the Unix epoch."""

    trigger: CronTrigger
    status: JsonObject
    """The one it has."""
    functions: Sequence[str]
    dealt: int
    """The latest time of the schedule that was dealt with; 0: none since this replica leads."""
    due: int | None
    active: int
    result: Result


def desired_status(facts: Facts, *, now: datetime) -> JsonObject:
    """The status to write, given the current one in `facts`."""
    record = facts.trigger.record
    current = facts.status
    generation = record.metadata.generation
    conditions = [ready(facts, generation), succeeding(facts, generation), suspended(facts, generation)]
    status: JsonObject = {
        **current,
        "observedGeneration": generation,
        "active": facts.active,
        "conditions": merge_conditions(current.get("conditions") or [], conditions, now=now),
    }
    _put(status, "lastScheduleTime", facts.dealt)
    _put(status, "lastSuccessfulTime", facts.result.succeeded)
    status.pop("nextScheduleTime", None)
    if facts.due is not None:
        status["nextScheduleTime"] = _text(facts.due)
    return status


def is_urgent(before: JsonObject, after: JsonObject) -> bool:
    """Whether more has changed than times and numbers."""
    return _lasting(before) != _lasting(after)


def ready(facts: Facts, generation: int) -> Condition:
    """Whether the trigger calls what it should, as far as this service is concerned."""
    spec = facts.trigger.record.spec
    if spec is None:
        return Condition("Ready", False, "InvalidSpec", facts.trigger.problem, generation)
    if facts.trigger.schedule is None:
        return Condition("Ready", False, "InvalidSchedule", facts.trigger.problem, generation)
    if spec.suspend:
        return Condition("Ready", False, "Suspended", "the trigger is suspended", generation)
    if not facts.functions:
        if spec.function_name:
            message = f"there is no function {spec.function_name} in this namespace; deploy it"
            return Condition("Ready", False, "FunctionNotFound", message, generation)
        message = "no function has the labels of spec.functionSelector; deploy or label one"
        return Condition("Ready", False, "NoFunctions", message, generation)
    names = ", ".join(facts.functions)
    zone = str(facts.trigger.schedule.zone)
    return Condition("Ready", True, "Scheduled", f"{spec.schedule} ({zone}) calls {names}", generation)


def succeeding(facts: Facts, generation: int) -> Condition:
    """Whether the latest call that has ended succeeded."""
    result = facts.result
    if result.error:
        return Condition("Succeeding", False, "CallFailed", result.error[:MESSAGE_LIMIT], generation)
    if result.succeeded or facts.status.get("lastSuccessfulTime"):
        return Condition("Succeeding", True, "CallSucceeded", "the latest call succeeded", generation)
    return Condition("Succeeding", None, "NotCalled", "no call has ended yet", generation)


def suspended(facts: Facts, generation: int) -> Condition:
    """Whether the trigger starts no calls since somebody wants it so."""
    spec = facts.trigger.record.spec
    if spec is not None and spec.suspend:
        return Condition("Suspended", True, "Suspended", "set spec.suspend to false to go on", generation)
    return Condition("Suspended", False, "Active", "the trigger is called at its times", generation)


def _put(status: JsonObject, name: str, moment: int) -> None:
    """Times only move on: this replica may know less than the one before."""
    if moment > moment_of(status.get(name)):
        status[name] = _text(moment)


def _text(moment: int) -> str:
    return format_time(datetime.fromtimestamp(moment, UTC))


def _lasting(status: JsonObject) -> JsonObject:
    kept = {"observedGeneration": status.get("observedGeneration")}
    return {**kept, "conditions": [_statement(each) for each in status.get("conditions") or ()]}


def _statement(condition: JsonObject) -> tuple[object, ...]:
    # The message of a failure differs from call to call: worth a write, not a hurry.
    return condition.get("type"), condition.get("status"), condition.get("reason"), condition.get("observedGeneration")
