"""What is kept of a KafkaTrigger, whatever somebody wrote into it."""

from kubeless.api.kafkatrigger import KafkaTriggerSpec, parse_kafka_trigger
from kubeless.delivery.sources import record

FINALIZER = "kubeless.io/kafkatrigger"
"""Put on every trigger by the Go controller, which waited for its consumers to end."""

TriggerRecord = record.TriggerRecord[KafkaTriggerSpec]

read_trigger = record.reader(parse_kafka_trigger)
"""The informer's transform; it never fails."""
