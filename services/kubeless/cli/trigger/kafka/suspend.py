"""`kubeless trigger kafka suspend`."""

from kubeless.cli.trigger.kind import KAFKA
from kubeless.cli.trigger.suspension import suspend_command

command = suspend_command(KAFKA)
