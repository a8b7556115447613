"""What the operations need of the connection to NATS."""

from typing import Protocol

from nats.aio.client import Client

from kubeless.nats_subscriber.jetstream import JetStream


class Clients(Protocol):
    """Where the operations get their clients from, such as `connection.Connection`. Both raise retriable errors."""

    def client(self) -> Client:
        """The library's client, connected."""

    def jetstream(self) -> JetStream:
        """The JetStream API over the same connection."""
