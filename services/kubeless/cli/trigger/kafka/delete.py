"""`kubeless trigger kafka delete`."""

from kubeless.cli.trigger.deletion import delete_command
from kubeless.cli.trigger.kind import KAFKA

command = delete_command(KAFKA, "Delete a Kafka trigger.", argument="Kafka trigger name")
