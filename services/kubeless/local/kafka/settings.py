"""What the embedded broker allows and keeps. The defaults suit a laptop; where Kafka has a default, it is the same."""

from dataclasses import dataclass

MIB = 2**20


@dataclass(frozen=True, slots=True)
class BrokerSettings:
    """The settings of one broker."""

    auto_create_topics: bool = False
    """Whether asking for a topic makes it. Off, so that a misspelt name is an error, as in a well-kept cluster."""

    default_partitions: int = 1
    """Partitions of a topic whose maker does not say how many."""

    partition_bytes: int = 64 * MIB
    """Bytes of memory per partition; beyond it the oldest messages go. A topic lowers it with `retention.bytes`."""

    message_bytes: int = MIB + 12
    """The largest batch of messages, as it is sent. A topic changes it with `max.message.bytes`."""

    request_bytes: int = 32 * MIB
    """The largest request; a longer one ends its connection."""

    max_partitions: int = 10_000
    """Partitions of all topics together."""

    max_groups: int = 10_000
    """Consumer groups, live ones and those of which only offsets are left."""

    max_members: int = 1_000
    """Members of one consumer group."""

    max_connections: int = 2_000
    """Connections at a time; one more is closed at once."""

    min_session_timeout: float = 0.1
    """Seconds a member may at least ask for; Kafka's is 6, which makes tests and demonstrations slow."""

    max_session_timeout: float = 1800.0
    """Seconds a member may at most ask for."""

    rebalance_delay: float = 0.0
    """Seconds an empty group waits for more members after the first; Kafka's is 3."""
