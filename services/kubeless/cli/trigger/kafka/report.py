"""What `trigger kafka status` says of a trigger."""

from kubeless.cli.trigger.report import report_object, report_rows
from kubeless.cli.trigger.selector import selector_text
from kubeless.core.jsontypes import JsonObject

_STATE = ("functions", "assignedPartitions", "lag")


def status_object(trigger: JsonObject) -> JsonObject:
    """The report for programs."""
    spec, status = trigger.get("spec") or {}, trigger.get("status") or {}
    return report_object(
        trigger,
        source={"topic": spec.get("topic"), "functionSelector": selector_text(spec)},
        state={name: status[name] for name in _STATE if name in status},
    )


def status_rows(trigger: JsonObject) -> list[tuple[str, str]]:
    """The report for people."""
    spec, status = trigger.get("spec") or {}, trigger.get("status") or {}
    return report_rows(
        trigger,
        source=[("Topic:", str(spec.get("topic"))), ("Function selector:", selector_text(spec))],
        state=[
            ("Functions:", ", ".join(map(str, status.get("functions") or ())) or "none"),
            ("Partitions:", str(status.get("assignedPartitions", "unknown"))),
            ("Lag:", str(status.get("lag", "unknown"))),
        ],
    )
