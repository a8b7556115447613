"""`kubeless trigger http list`."""

from kubeless.cli.trigger.conditions import ready_word
from kubeless.cli.trigger.http.report import tls_text
from kubeless.cli.trigger.kind import HTTP
from kubeless.cli.trigger.listing import Columns, list_command
from kubeless.cli.trigger.selector import function_text
from kubeless.core.jsontypes import JsonObject


def _cells(trigger: JsonObject) -> tuple[object, ...]:
    return (function_text(trigger.get("spec") or {}),)


def _wide(trigger: JsonObject) -> tuple[object, ...]:
    spec = trigger.get("spec") or {}
    path = f"/{spec.get('path') or ''}"
    return spec.get("host-name"), path, spec.get("gateway"), tls_text(spec), ready_word(trigger)


command = list_command(
    HTTP,
    Columns(("FUNCTION NAME",), _cells),
    wide=Columns(("HOST", "PATH", "GATEWAY", "TLS", "READY"), _wide),
)
