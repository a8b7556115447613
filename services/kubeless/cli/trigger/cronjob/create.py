"""`kubeless trigger cronjob create`."""

from kubeless.cli.trigger.creation import create_command
from kubeless.cli.trigger.cronjob.build import read_wanted
from kubeless.cli.trigger.cronjob.flags import cronjob_trigger_options
from kubeless.cli.trigger.kind import CRONJOB

command = create_command(
    CRONJOB, "Create a cronjob trigger.", options=cronjob_trigger_options(required=True), read=read_wanted
)
