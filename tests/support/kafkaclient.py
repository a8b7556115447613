"""One small face for the Kafka clients of several languages, so that the same cases run with each."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

POLL_TIME = 0.2
"""Seconds a poll waits at most for messages."""

SESSION_TIMEOUT = 6.0
HEARTBEAT_INTERVAL = 0.1
FETCH_WAIT = 0.1
"""Seconds a fetch waits at the broker; a consumer that closes may have to wait for it."""

MAX_REQUEST = 16 * 2**20
"""What clients may send: more than brokers take, so that it is the broker who refuses."""


@dataclass(frozen=True, slots=True)
class Record:
    """A message. Timestamps are milliseconds since 1970."""

    value: bytes | None
    key: bytes | None = None
    headers: tuple[tuple[str, bytes], ...] = ()
    partition: int = 0
    timestamp: int = 1_700_000_000_000


class TooLarge(Exception):
    """The broker refused a message for its size."""


class GroupMember(Protocol):
    """A consumer in a group, from the earliest offset where the group has none. It takes part while it is polled."""

    async def poll(self) -> list[Record]: ...

    async def assignment(self) -> set[int]:
        """The partitions it has now."""

    async def commit(self) -> None:
        """Commit all that was polled."""


class KafkaClient(Protocol):
    """A client of one broker."""

    async def create_topic(self, topic: str, partitions: int) -> None: ...

    async def delete_topic(self, topic: str) -> None: ...

    async def topics(self) -> set[str]: ...

    async def produce(
        self, topic: str, records: list[Record], *, compression: str = "none", idempotent: bool = False
    ) -> list[int]:
        """
        Write records, each to its partition. Returns their offsets.

        Raises:
            TooLarge: the broker does not take so large a message.
        """

    async def offset_at(self, topic: str, partition: int, timestamp: int) -> int | None:
        """The offset of the first message that is not older."""

    async def committed(self, topic: str, group: str) -> dict[int, int]:
        """The offsets that a group has committed, by partition."""

    def member(self, topic: str, group: str) -> AbstractAsyncContextManager[GroupMember]: ...
