"""`kubeless trigger kafka list`."""

from kubeless.cli.trigger.conditions import ready_word
from kubeless.cli.trigger.kind import KAFKA
from kubeless.cli.trigger.listing import list_command
from kubeless.core.jsontypes import JsonObject


def _cells(trigger: JsonObject) -> tuple[str, str]:
    return ready_word(trigger), str((trigger.get("status") or {}).get("lag", ""))


command = list_command(KAFKA, wide=("READY", "LAG"), cells=_cells)
