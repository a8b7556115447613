"""What `list` and `status` say of a cronjob trigger, from its spec, the clock, and the status its service writes."""

from datetime import UTC, datetime

from kubeless.api.metadata import format_time
from kubeless.cli.trigger.report import report_object, report_rows
from kubeless.cli.trigger.selector import function_text
from kubeless.core.errors import InvalidInput
from kubeless.core.jsontypes import JsonObject

NEXT_TIMES = 3
_STATE = ("lastScheduleTime", "lastSuccessfulTime", "active")


def next_times(trigger: JsonObject, *, now: float, count: int) -> list[str]:
    """When the trigger is due next, in UTC; none if it is suspended or its schedule cannot be used."""
    from kubeless.schedules.schedule import Schedule

    spec = trigger.get("spec") or {}
    if spec.get("suspend"):
        return []
    try:
        created = datetime.fromisoformat(str(trigger["metadata"].get("creationTimestamp") or "1970-01-01T00:00:00Z"))
        zone = str(spec.get("timeZone") or "")
        schedule = Schedule.parse(str(spec.get("schedule") or ""), zone, anchor=created.timestamp())
    except (InvalidInput, ValueError):
        return []
    found: list[str] = []
    moment: float | None = now
    while len(found) < count and moment is not None and (moment := schedule.next(moment)) is not None:
        found.append(format_time(datetime.fromtimestamp(moment, UTC)))
    return found


def status_object(trigger: JsonObject, *, now: float) -> JsonObject:
    """The report for programs; `now` is seconds since the Unix epoch."""
    spec, status = trigger.get("spec") or {}, trigger.get("status") or {}
    return report_object(
        trigger,
        source={
            "schedule": spec.get("schedule"),
            "timeZone": spec.get("timeZone") or "UTC",
            "function": function_text(spec),
        },
        state={
            "nextTimes": next_times(trigger, now=now, count=NEXT_TIMES),
            **{name: status[name] for name in _STATE if name in status},
        },
    )


def status_rows(trigger: JsonObject, *, now: float) -> list[tuple[str, str]]:
    """The report for people; `now` is seconds since the Unix epoch."""
    spec, status = trigger.get("spec") or {}, trigger.get("status") or {}
    return report_rows(
        trigger,
        source=[
            ("Schedule:", str(spec.get("schedule"))),
            ("Time zone:", str(spec.get("timeZone") or "UTC")),
            ("Function:", function_text(spec)),
        ],
        state=[
            ("Next:", "\n".join(next_times(trigger, now=now, count=NEXT_TIMES)) or "never"),
            ("Last:", str(status.get("lastScheduleTime") or "never")),
            ("Last success:", str(status.get("lastSuccessfulTime") or "never")),
            ("Active calls:", str(status.get("active", "unknown"))),
        ],
    )
