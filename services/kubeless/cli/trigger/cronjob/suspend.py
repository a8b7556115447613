"""`kubeless trigger cronjob suspend`."""

from kubeless.cli.trigger.kind import CRONJOB
from kubeless.cli.trigger.suspension import suspend_command

command = suspend_command(CRONJOB, "Make no calls for now; those under way are finished.")
