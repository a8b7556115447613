"""`kubeless trigger cronjob resume`."""

from kubeless.cli.trigger.kind import CRONJOB
from kubeless.cli.trigger.suspension import resume_command

command = resume_command(
    CRONJOB, "Make calls again, from now on: times that have passed meanwhile are not made up for."
)
