"""What `trigger kafka status` says of a trigger, from its spec and the status its service writes."""

from kubeless.cli.trigger.kafka.build import selector_text
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
        "observed": _is_observed(trigger),
        **{name: status[name] for name in _STATUS_FIELDS if name in status},
    }


def status_rows(trigger: JsonObject) -> list[tuple[str, str]]:
    """The report for people: a label and a text per row."""
    report = status_object(trigger)
    status = trigger.get("status") or {}
    rows = [
        ("Name:", str(report["name"])),
        ("Namespace:", str(report["namespace"])),
        ("Topic:", str(report["topic"])),
        ("Function selector:", str(report["functionSelector"])),
        ("Suspended:", "yes" if report["suspend"] else "no"),
        ("Functions:", ", ".join(map(str, status.get("functions") or ())) or "none"),
        ("Partitions:", str(status.get("assignedPartitions", "unknown"))),
        ("Lag:", str(status.get("lag", "unknown"))),
    ]
    if status.get("lastError"):
        rows.append(("Last error:", str(status["lastError"])))
    return rows + [_condition_row(condition) for condition in status.get("conditions") or ()]


def hint(trigger: JsonObject) -> str:
    """What to do where the status says nothing, or nothing current; empty if it is current."""
    if not (trigger.get("status") or {}).get("conditions"):
        return "No status yet: is the Kafka trigger controller running?"
    return "" if _is_observed(trigger) else "The status is older than the last change of the trigger"


def ready_word(trigger: JsonObject) -> str:
    """`True`, `False` or `Unknown`, with the reason unless it is ready."""
    for condition in (trigger.get("status") or {}).get("conditions") or ():
        if condition.get("type") == "Ready":
            word, why = str(condition.get("status")), str(condition.get("reason") or "")
            return word if word == "True" or not why else f"{word} ({why})"
    return "Unknown"


def _condition_row(condition: JsonObject) -> tuple[str, str]:
    words = [str(condition.get("status")), str(condition.get("reason") or ""), str(condition.get("message") or "")]
    return f"{condition.get('type')}:", " ".join(word for word in words if word)


def _is_observed(trigger: JsonObject) -> bool:
    observed = (trigger.get("status") or {}).get("observedGeneration", 0)
    return bool(observed >= trigger["metadata"].get("generation", 0))
