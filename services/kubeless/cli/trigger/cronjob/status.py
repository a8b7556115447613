"""`kubeless trigger cronjob status`."""

import time

from kubeless.cli.trigger.cronjob.report import status_object, status_rows
from kubeless.cli.trigger.kind import CRONJOB
from kubeless.cli.trigger.statusview import status_command

command = status_command(
    CRONJOB,
    "Say how a cronjob trigger is doing: its next and last times, and what is wrong.",
    report=lambda trigger: status_object(trigger, now=time.time()),
    rows=lambda trigger: status_rows(trigger, now=time.time()),
)
