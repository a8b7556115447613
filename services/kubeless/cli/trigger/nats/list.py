"""`kubeless trigger nats list`."""

from kubeless.cli.trigger.conditions import ready_word
from kubeless.cli.trigger.kind import NATS
from kubeless.cli.trigger.listing import BROKER, Columns, list_command
from kubeless.core.jsontypes import JsonObject


def _wide(trigger: JsonObject) -> tuple[object, ...]:
    spec, status = trigger.get("spec") or {}, trigger.get("status") or {}
    return spec.get("stream"), ready_word(trigger), status.get("pending")


command = list_command(NATS, BROKER, wide=Columns(("STREAM", "READY", "PENDING"), _wide))
