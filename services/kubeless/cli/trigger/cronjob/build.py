"""The CronJobTrigger objects that the commands write, and the checks that need no cluster."""

import copy
from dataclasses import dataclass
from typing import Any

from kubeless.api.resource import CRONJOB_TRIGGERS
from kubeless.cli.failure import Fatal
from kubeless.cli.schedule import problem_of
from kubeless.core.jsontypes import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class CronSettings:
    """The flags; None is "not given"."""

    function: str | None = None
    schedule: str | None = None
    time_zone: str | None = None
    concurrency_policy: str | None = None
    catch_up: str | None = None
    starting_deadline: float | None = None
    payload: Any = None
    has_payload: bool = False
    """Whether `payload` was given; null is a payload that takes another one away."""

    def check(self) -> None:
        """Raises `Fatal` for a schedule or a zone that does not exist."""
        if self.schedule and (problem := problem_of(self.schedule, self.time_zone or "")):
            raise Fatal(f"Invalid value for --schedule. {problem}")
        if not self.schedule and self.time_zone and (problem := problem_of("@daily", self.time_zone)):
            raise Fatal(f"Invalid value for --time-zone. {problem}")

    def fields(self) -> JsonObject:
        """What was given, by the names of the spec."""
        given = {
            "function-name": self.function,
            "schedule": self.schedule,
            "timeZone": self.time_zone,
            "concurrencyPolicy": self.concurrency_policy,
            "catchUp": self.catch_up,
            "startingDeadlineSeconds": self.starting_deadline,
        }
        fields = {name: value for name, value in given.items() if value not in (None, "")}
        return fields | ({"payload": self.payload} if self.has_payload else {})


def new_cronjob_trigger(name: str, namespace: str, settings: CronSettings) -> JsonObject:
    """The object that `trigger cronjob create` creates."""
    return {
        "apiVersion": CRONJOB_TRIGGERS.api_version,
        "kind": CRONJOB_TRIGGERS.kind,
        "metadata": {"name": name, "namespace": namespace, "labels": {"created-by": "kubeless"}},
        "spec": settings.fields(),
    }


def changed_cronjob_trigger(current: JsonObject, settings: CronSettings) -> JsonObject:
    """The object with what is given replaced. A function by name takes the place of a selector."""
    changed = copy.deepcopy(current)
    spec = changed["spec"] = (changed.get("spec") or {}) | settings.fields()
    if settings.function:
        spec.pop("functionSelector", None)
    return changed
