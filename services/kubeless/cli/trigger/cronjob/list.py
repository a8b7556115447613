"""`kubeless trigger cronjob list`: the columns of the original, and after them when each trigger is due next."""

import time

from kubeless.cli.trigger.conditions import ready_word
from kubeless.cli.trigger.cronjob.report import next_times
from kubeless.cli.trigger.kind import CRONJOB
from kubeless.cli.trigger.listing import Columns, list_command
from kubeless.cli.trigger.selector import function_text
from kubeless.core.jsontypes import JsonObject


def _cells(trigger: JsonObject) -> tuple[object, ...]:
    spec = trigger.get("spec") or {}
    times = next_times(trigger, now=time.time(), count=1)
    due = times[0] if times else "suspended" if spec.get("suspend") else "never"
    return spec.get("schedule"), function_text(spec), due


def _wide(trigger: JsonObject) -> tuple[object, ...]:
    spec = trigger.get("spec") or {}
    last = (trigger.get("status") or {}).get("lastScheduleTime")
    return last, spec.get("timeZone") or "UTC", ready_word(trigger)


command = list_command(
    CRONJOB,
    Columns(("SCHEDULE", "FUNCTION NAME", "NEXT"), _cells),
    wide=Columns(("LAST", "TIME ZONE", "READY"), _wide),
)
