"""`kubeless trigger cronjob delete`."""

from kubeless.cli.trigger.deletion import delete_command
from kubeless.cli.trigger.kind import CRONJOB

command = delete_command(CRONJOB, "Delete a cronjob trigger.")
