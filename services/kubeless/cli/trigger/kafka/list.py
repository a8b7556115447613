"""`kubeless trigger kafka list`."""

from kubeless.cli.trigger.conditions import ready_word
from kubeless.cli.trigger.kind import KAFKA
from kubeless.cli.trigger.listing import BROKER, Columns, list_command
from kubeless.core.jsontypes import JsonObject


def _wide(trigger: JsonObject) -> tuple[object, ...]:
    return ready_word(trigger), (trigger.get("status") or {}).get("lag")


command = list_command(KAFKA, BROKER, wide=Columns(("READY", "LAG"), _wide))
