"""`kubeless trigger cronjob update`."""

from kubeless.cli.trigger.cronjob.build import read_wanted
from kubeless.cli.trigger.cronjob.flags import cronjob_trigger_options
from kubeless.cli.trigger.kind import CRONJOB
from kubeless.cli.trigger.update import update_command

command = update_command(
    CRONJOB,
    "Change a cronjob trigger; what is not given stays as it is. `--payload null` makes the calls GET.",
    options=cronjob_trigger_options(required=False),
    read=read_wanted,
)
