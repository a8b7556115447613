"""`kubeless trigger nats status`."""

from kubeless.cli.trigger.kind import NATS
from kubeless.cli.trigger.nats.report import status_object, status_rows
from kubeless.cli.trigger.statusview import status_command

command = status_command(
    NATS,
    "Say how a NATS trigger is doing: functions, messages that wait, and what is wrong.",
    report=status_object,
    rows=status_rows,
)
