"""What `trigger nats status` says of a trigger, from its spec and the status its service writes."""

from kubeless.cli.trigger.conditions import condition_rows, is_observed
from kubeless.cli.trigger.selector import selector_text
from kubeless.core.jsontypes import JsonObject

_STATUS_FIELDS = ("functions", "pending", "lastError", "conditions")


def status_object(trigger: JsonObject) -> JsonObject:
    """The report for programs."""
    metadata, spec, status = trigger["metadata"], trigger.get("spec") or {}, trigger.get("status") or {}
    return {
        "name": metadata["name"],
        "namespace": metadata.get("namespace"),
        "topic": spec.get("topic"),
        "functionSelector": selector_text(spec),
        **{name: spec[name] for name in ("stream", "durable") if spec.get(name)},
        "suspend": bool(spec.get("suspend")),
        "observed": is_observed(trigger),
        **{name: status[name] for name in _STATUS_FIELDS if name in status},
    }


def status_rows(trigger: JsonObject) -> list[tuple[str, str]]:
    """The report for people: a label and a text per row."""
    report = status_object(trigger)
    return [
        ("Name:", str(report["name"])),
        ("Namespace:", str(report["namespace"])),
        ("Subject:", str(report["topic"])),
        ("Source:", _source(report)),
        ("Function selector:", str(report["functionSelector"])),
        ("Suspended:", "yes" if report["suspend"] else "no"),
        ("Functions:", ", ".join(map(str, report.get("functions") or ())) or "none"),
        ("Pending:", str(report.get("pending", "unknown"))),
        *condition_rows(trigger),
    ]


def _source(report: JsonObject) -> str:
    """Where the messages come from, and so what is promised."""
    if not report.get("stream"):
        return "core NATS (at most once)"
    durable = f", consumer {report['durable']}" if report.get("durable") else ""
    return f"stream {report['stream']}{durable} (at least once)"
