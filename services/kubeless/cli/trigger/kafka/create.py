"""`kubeless trigger kafka create`."""

from kubeless.cli.trigger.creation import create_command
from kubeless.cli.trigger.kafka.build import read_wanted
from kubeless.cli.trigger.kafka.flags import kafka_trigger_options
from kubeless.cli.trigger.kind import KAFKA

command = create_command(
    KAFKA, "Create a Kafka trigger.", options=kafka_trigger_options(required=True), read=read_wanted
)
