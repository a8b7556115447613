"""`kubeless trigger nats list`."""

from kubeless.cli.trigger.conditions import ready_word
from kubeless.cli.trigger.kind import NATS
from kubeless.cli.trigger.listing import list_command
from kubeless.core.jsontypes import JsonObject


def _cells(trigger: JsonObject) -> tuple[str, str, str]:
    spec, status = trigger.get("spec") or {}, trigger.get("status") or {}
    return str(spec.get("stream") or ""), ready_word(trigger), str(status.get("pending", ""))


command = list_command(NATS, wide=("STREAM", "READY", "PENDING"), cells=_cells)
