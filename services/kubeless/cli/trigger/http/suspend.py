"""`kubeless trigger http suspend`."""

from kubeless.cli.trigger.kind import HTTP
from kubeless.cli.trigger.suspension import suspend_command

command = suspend_command(HTTP, "Take in no requests for now; those in flight are answered.")
