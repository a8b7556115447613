"""`kubeless trigger nats resume`."""

from kubeless.cli.trigger.kind import NATS
from kubeless.cli.trigger.suspension import resume_command

command = resume_command(NATS)
