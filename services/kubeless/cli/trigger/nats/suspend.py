"""`kubeless trigger nats suspend`."""

from kubeless.cli.trigger.kind import NATS
from kubeless.cli.trigger.suspension import suspend_command

command = suspend_command(NATS)
