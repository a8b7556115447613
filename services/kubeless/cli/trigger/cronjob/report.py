"""What `list` and `status` say of a cronjob trigger, from its spec, the clock, and the status its service writes."""

from datetime import UTC, datetime

from kubeless.api.metadata import format_time
from kubeless.cli.trigger.conditions import condition_rows, is_observed
from kubeless.cli.trigger.selector import function_text
from kubeless.core.errors import InvalidInput
from kubeless.core.jsontypes import JsonObject

NEXT_TIMES = 3
_STATUS_FIELDS = ("lastScheduleTime", "lastSuccessfulTime", "active", "conditions")


def next_times(trigger: JsonObject, *, now: float, count: int) -> list[str]:
    """When the trigger is due next, in UTC; none if it is suspended or its schedule cannot be used."""
    from kubeless.cron_scheduler.schedule import Schedule

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
    """The report for programs."""
    metadata, spec, status = trigger["metadata"], trigger.get("spec") or {}, trigger.get("status") or {}
    return {
        "name": metadata["name"],
        "namespace": metadata.get("namespace"),
        "schedule": spec.get("schedule"),
        "timeZone": spec.get("timeZone") or "UTC",
        "function": function_text(spec),
        "suspend": bool(spec.get("suspend")),
        "observed": is_observed(trigger),
        "nextTimes": next_times(trigger, now=now, count=NEXT_TIMES),
        **{name: status[name] for name in _STATUS_FIELDS if name in status},
    }


def status_rows(trigger: JsonObject, *, now: float) -> list[tuple[str, str]]:
    """The report for people: a label and a text per row."""
    report = status_object(trigger, now=now)
    return [
        ("Name:", str(report["name"])),
        ("Namespace:", str(report["namespace"])),
        ("Schedule:", str(report["schedule"])),
        ("Time zone:", str(report["timeZone"])),
        ("Function:", str(report["function"])),
        ("Suspended:", "yes" if report["suspend"] else "no"),
        ("Next:", "\n".join(report["nextTimes"]) or "never"),
        ("Last:", str(report.get("lastScheduleTime") or "never")),
        ("Last success:", str(report.get("lastSuccessfulTime") or "never")),
        ("Active calls:", str(report.get("active", "unknown"))),
        *condition_rows(trigger),
    ]
