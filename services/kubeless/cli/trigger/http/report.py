"""What `trigger http status` says of a trigger."""

from kubeless.cli.trigger.report import report_object, report_rows
from kubeless.cli.trigger.selector import function_text
from kubeless.core.jsontypes import JsonObject


def tls_text(spec: JsonObject) -> str:
    """Where the certificate comes from; empty if there is none."""
    return "ACME" if spec.get("tls") else str(spec.get("tls-secret") or "")


def status_object(trigger: JsonObject) -> JsonObject:
    """The report for programs."""
    spec = trigger.get("spec") or {}
    return report_object(
        trigger,
        source={
            "host": spec.get("host-name"),
            "path": _path(spec),
            "gateway": spec.get("gateway"),
            "tls": tls_text(spec),
            "function": function_text(spec),
        },
        state={},
    )


def status_rows(trigger: JsonObject) -> list[tuple[str, str]]:
    """The report for people."""
    spec = trigger.get("spec") or {}
    return report_rows(
        trigger,
        source=[
            ("Host:", str(spec.get("host-name") or "every host")),
            ("Path:", _path(spec)),
            ("Gateway:", str(spec.get("gateway") or "")),
            ("TLS:", tls_text(spec) or "none"),
            ("Function:", function_text(spec)),
        ],
        state=[],
    )


def _path(spec: JsonObject) -> str:
    return f"/{spec.get('path') or ''}"
