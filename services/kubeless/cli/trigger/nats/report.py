"""What `trigger nats status` says of a trigger."""

from kubeless.cli.trigger.report import report_object, report_rows
from kubeless.cli.trigger.selector import selector_text
from kubeless.core.jsontypes import JsonObject

_STATE = ("functions", "pending")


def status_object(trigger: JsonObject) -> JsonObject:
    """The report for programs."""
    spec, status = trigger.get("spec") or {}, trigger.get("status") or {}
    stream = {name: spec[name] for name in ("stream", "durable") if spec.get(name)}
    return report_object(
        trigger,
        source={"topic": spec.get("topic"), "functionSelector": selector_text(spec), **stream},
        state={name: status[name] for name in _STATE if name in status},
    )


def status_rows(trigger: JsonObject) -> list[tuple[str, str]]:
    """The report for people."""
    spec, status = trigger.get("spec") or {}, trigger.get("status") or {}
    return report_rows(
        trigger,
        source=[
            ("Subject:", str(spec.get("topic"))),
            ("Source:", _source(spec)),
            ("Function selector:", selector_text(spec)),
        ],
        state=[
            ("Functions:", ", ".join(map(str, status.get("functions") or ())) or "none"),
            ("Pending:", str(status.get("pending", "unknown"))),
        ],
    )


def _source(spec: JsonObject) -> str:
    """Where the messages come from, and so what is promised."""
    if not spec.get("stream"):
        return "core NATS (at most once)"
    durable = f", consumer {spec['durable']}" if spec.get("durable") else ""
    return f"stream {spec['stream']}{durable} (at least once)"
