"""
What the operations need of the connection to Kafka: short-lived clients, one per operation.

Operations are rare and a connection takes milliseconds. Nothing is kept open between two, so none of them finds a
connection that the broker has closed meanwhile, and rotated credentials hold from the next one on.
"""

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient


class Clients(Protocol):
    """Where the operations get their clients from, such as `connection.Connection`. All raise retriable errors."""

    def admin(self) -> AbstractAsyncContextManager[AIOKafkaAdminClient]:
        """For topics and the deletion of records."""

    def producer(self) -> AbstractAsyncContextManager[AIOKafkaProducer]:
        """Waits for all replicas; the broker, not the client, says what is too large."""

    def reader(self) -> AbstractAsyncContextManager[AIOKafkaConsumer]:
        """Member of no group: assign partitions, seek, read."""
