"""`kubeless trigger http delete`."""

from kubeless.cli.trigger.deletion import delete_command
from kubeless.cli.trigger.kind import HTTP

command = delete_command(HTTP, "Delete an HTTP trigger.")
