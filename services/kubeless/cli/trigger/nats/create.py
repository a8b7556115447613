"""`kubeless trigger nats create`."""

from kubeless.cli.trigger.creation import create_command
from kubeless.cli.trigger.kind import NATS
from kubeless.cli.trigger.nats.build import read_new
from kubeless.cli.trigger.nats.flags import nats_trigger_options

command = create_command(NATS, "Create a NATS trigger.", options=nats_trigger_options(required=True), read=read_new)
