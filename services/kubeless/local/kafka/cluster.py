"""What the handlers of requests work on: a cluster of one node, and who asks."""

import uuid
from dataclasses import dataclass

from kubeless.local.kafka.coordinator import Coordinator
from kubeless.local.kafka.producerids import ProducerIds
from kubeless.local.kafka.settings import BrokerSettings
from kubeless.local.kafka.topics import Topics

NODE_ID = 1


class Cluster:
    """Everything the broker knows; gone when it is."""

    def __init__(self, settings: BrokerSettings) -> None:
        self.id = uuid.uuid4().hex[:22]
        self.settings = settings
        self.topics = Topics(settings)
        self.groups = Coordinator(settings)
        self.producer_ids = ProducerIds()


@dataclass(frozen=True, slots=True)
class Client:
    """Who sent a request, and how."""

    client_id: str
    peer: str
    """Its IP address."""
    host: str
    """The address it reached us at, which is the one to tell it: it works at least once."""
    port: int
    version: int
    """The version of the request's API."""
