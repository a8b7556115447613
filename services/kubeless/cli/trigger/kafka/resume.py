"""`kubeless trigger kafka resume`."""

from kubeless.cli.trigger.kind import KAFKA
from kubeless.cli.trigger.suspension import resume_command

command = resume_command(KAFKA)
