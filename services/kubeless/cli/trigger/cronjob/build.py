"""The specs of CronJobTriggers that the commands write, and the checks that need no cluster."""

from dataclasses import dataclass
from typing import Any

from kubeless.cli.failure import Fatal
from kubeless.cli.schedule import problem_of
from kubeless.cli.trigger.cronjob.payload import read_payload
from kubeless.core.jsontypes import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class CronjobWanted:
    """See `Wanted`; None is "not given"."""

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

    def new_spec(self, _server: str, /) -> JsonObject:
        """See `Wanted`."""
        return self._fields()

    def changed_spec(self, spec: JsonObject, /) -> JsonObject:
        """See `Wanted`. A function by name takes the place of a selector."""
        kept = {name: value for name, value in spec.items() if not self.function or name != "functionSelector"}
        return kept | self._fields()

    def _fields(self) -> JsonObject:
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


def read_wanted(given: dict[str, Any]) -> CronjobWanted:
    """Raises Fatal for a schedule, a zone or a payload that cannot be used."""
    has_payload, payload = read_payload(given.pop("payload"), given.pop("payload_file"))
    wanted = CronjobWanted(**given, payload=payload, has_payload=has_payload)
    wanted.check()
    return wanted
