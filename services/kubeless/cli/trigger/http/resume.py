"""`kubeless trigger http resume`."""

from kubeless.cli.trigger.kind import HTTP
from kubeless.cli.trigger.suspension import resume_command

command = resume_command(HTTP, "Take in requests again.")
