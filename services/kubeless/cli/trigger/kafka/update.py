"""`kubeless trigger kafka update`."""

from kubeless.cli.trigger.kafka.build import read_wanted
from kubeless.cli.trigger.kafka.flags import kafka_trigger_options
from kubeless.cli.trigger.kind import KAFKA
from kubeless.cli.trigger.update import update_command

command = update_command(
    KAFKA,
    "Change a Kafka trigger; what is not given stays as it is.",
    options=kafka_trigger_options(required=False),
    read=read_wanted,
)
