"""What `trigger kafka status` says of a trigger, from its spec and the status its service writes."""

from kubeless.cli.trigger.conditions import condition_rows, is_observed
from kubeless.cli.trigger.selector import selector_text
from kubeless.core.jsontypes import JsonObject

_STATUS_FIELDS = ("functions", "assignedPartitions", "lag", "lastError", "conditions")


def status_object(trigger: JsonObject) -> JsonObject:
    """The report for programs."""
    metadata, spec, status = trigger["metadata"], trigger.get("spec") or {}, trigger.get("status") or {}
    return {
        "name": metadata["name"],
        "namespace": metadata.get("namespace"),
        "topic": spec.get("topic"),
        "functionSelector": selector_text(spec),
        "suspend": bool(spec.get("suspend")),
        "observed": is_observed(trigger),
        **{name: status[name] for name in _STATUS_FIELDS if name in status},
    }


def status_rows(trigger: JsonObject) -> list[tuple[str, str]]:
    """The report for people: a label and a text per row."""
    report = status_object(trigger)
    status = trigger.get("status") or {}
    return [
        ("Name:", str(report["name"])),
        ("Namespace:", str(report["namespace"])),
        ("Topic:", str(report["topic"])),
        ("Function selector:", str(report["functionSelector"])),
        ("Suspended:", "yes" if report["suspend"] else "no"),
        ("Functions:", ", ".join(map(str, status.get("functions") or ())) or "none"),
        ("Partitions:", str(status.get("assignedPartitions", "unknown"))),
        ("Lag:", str(status.get("lag", "unknown"))),
        *condition_rows(trigger),
    ]
