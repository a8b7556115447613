"""`kubeless trigger kafka status`."""

from kubeless.cli.trigger.kafka.report import status_object, status_rows
from kubeless.cli.trigger.kind import KAFKA
from kubeless.cli.trigger.statusview import status_command

command = status_command(
    KAFKA,
    "Say how a Kafka trigger is doing: functions, partitions, lag, and what is wrong.",
    report=status_object,
    rows=status_rows,
)
