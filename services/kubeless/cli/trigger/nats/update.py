"""`kubeless trigger nats update`."""

from kubeless.cli.trigger.kind import NATS
from kubeless.cli.trigger.nats.build import read_wanted
from kubeless.cli.trigger.nats.flags import nats_trigger_options
from kubeless.cli.trigger.update import update_command

command = update_command(
    NATS,
    "Change a NATS trigger; what is not given stays as it is.",
    options=nats_trigger_options(required=False),
    read=read_wanted,
)
