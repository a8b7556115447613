"""`kubeless trigger nats delete`."""

from kubeless.cli.trigger.deletion import delete_command
from kubeless.cli.trigger.kind import NATS

command = delete_command(NATS, "Delete a NATS trigger.")
