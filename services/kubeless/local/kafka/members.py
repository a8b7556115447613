"""What a member asks of its consumer group, what it is told, and what the group remembers of it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from kio.schema.errors import ErrorCode

NO_GENERATION = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """A member wants to take part. Timeouts are seconds."""

    member_id: str
    """Empty if it is new."""
    instance_id: str | None
    client_id: str
    client_host: str
    session_timeout: float
    rebalance_timeout: float
    protocol_type: str
    protocols: tuple[tuple[str, bytes], ...]
    """Names of assignment strategies, the best liked first, each with what the leader must know."""
    needs_id: bool = False
    """Whether a new member is given its id first and comes back with it (KIP-394)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """The answer to a join. Only the leader is told the members: id, instance id and metadata."""

    error: ErrorCode = ErrorCode.none
    member_id: str
    generation: int = NO_GENERATION
    protocol_type: str | None = None
    protocol: str | None = None
    leader: str = ""
    members: tuple[tuple[str, str | None, bytes], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Synced:
    """The answer to a sync: what the leader assigned to the member."""

    error: ErrorCode = ErrorCode.none
    assignment: bytes = b""
    protocol_type: str | None = None
    protocol: str | None = None


TellJoined: TypeAlias = Callable[[Joined], None]
TellSynced: TypeAlias = Callable[[Synced], None]


@dataclass(slots=True)
class Member:
    """A member of a group."""

    id: str
    join: Join
    expires: float
    """When it counts as gone, unless it is heard of or waits for an answer."""
    assignment: bytes = b""
    tell_joined: TellJoined | None = None
    """Set while it waits for the rebalance to complete."""
    tell_synced: TellSynced | None = None
    """Set while it waits for the leader's assignments."""
    synced: bool = field(default=False)
    """Whether it has asked for its assignment in this generation."""

    @property
    def waits(self) -> bool:
        return self.tell_joined is not None or self.tell_synced is not None

    def metadata(self, protocol: str | None) -> bytes:
        return dict(self.join.protocols).get(protocol or "", b"")

    def touch(self, now: float) -> None:
        """It was heard of."""
        self.expires = now + self.join.session_timeout

    def answer_join(self, answer: Joined) -> None:
        tell, self.tell_joined = self.tell_joined, None
        if tell is not None:
            tell(answer)

    def answer_sync(self, answer: Synced) -> None:
        tell, self.tell_synced = self.tell_synced, None
        if tell is not None:
            tell(answer)
