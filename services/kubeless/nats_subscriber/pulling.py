"""
The pull protocol of JetStream (ADR-37) as bookkeeping without I/O: how many messages to ask for, what is still to come.

Requests are kept open and topped up, so the next message is already on its way when a slot gets free; the server ends
each request with a status that says how much of it is left.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto

from kubeless.core.jsontypes import JsonObject

EXPIRES = 30.0
"""Seconds that one request stays open."""

BATCH_BYTES = 16 * 2**20
"""Bytes that one request may bring."""

_NANOSECONDS = 10**9


class Signal(Enum):
    """What a status of the server means."""

    ALIVE = auto()
    """The server says that it is there."""
    ENDED = auto()
    """A request is over."""
    GONE = auto()
    """The consumer, or its place, is gone."""
    UNPINNED = auto()
    """Another replica has the pin."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What an adopted consumer allows of a request; 0: anything."""

    batch: int = 0
    expires: float = 0.0
    size: int = 0

    @classmethod
    def of(cls, config: JsonObject) -> "Limits":
        """Those of a consumer's configuration."""
        return cls(
            int(config.get("max_batch") or 0),
            int(config.get("max_expires") or 0) / _NANOSECONDS,
            int(config.get("max_bytes") or 0),
        )


def judge(status: str, description: str) -> Signal:
    """What a message with a status says."""
    if status == "100":
        return Signal.ALIVE
    if status == "423":
        return Signal.UNPINNED
    text = description.lower()
    if status == "503" or (status == "409" and any(word in text for word in ("deleted", "shutdown", "push"))):
        return Signal.GONE
    return Signal.ENDED


class Pulling:
    """What was asked for, and has not come."""

    def __init__(self, limits: Limits, *, max_payload: int, heartbeat: float) -> None:
        """`max_payload` is bytes of the largest message there can be, `heartbeat` seconds."""
        self._limits = limits
        self._max_payload = max_payload
        self._expires = min(EXPIRES, limits.expires or EXPIRES)
        self.heartbeat = min(heartbeat, self._expires / 2.5)
        self.asked = 0
        """Messages still to come, as far as is known."""
        self._until = 0.0

    def request(self, free: int, *, capacity: int, now: float) -> int:
        """How many messages to ask for now; 0: none, since few slots got free since the last request."""
        if self.asked and now > self._until:
            self.asked = 0  # All requests are over, whatever got lost of their ends.
        wanted = free - self.asked
        least = max(1, capacity // 8)
        if self._limits.batch:
            wanted, least = min(wanted, self._limits.batch), min(least, self._limits.batch)
        if wanted < least:
            return 0
        self.asked += wanted
        self._until = now + self._expires + 2.0
        return wanted

    def body(self, batch: int) -> JsonObject:
        """The request for `batch` messages."""
        # Never less than one message can have, or the server would refuse it for ever.
        size = max(BATCH_BYTES, self._max_payload + 2**16)
        return {
            "batch": batch,
            "expires": int(self._expires * _NANOSECONDS),
            "max_bytes": min(size, self._limits.size or size),
            "idle_heartbeat": int(self.heartbeat * _NANOSECONDS),
        }

    def came(self) -> None:
        """A message has come."""
        if self.asked:
            self.asked -= 1

    def ended(self, headers: Mapping[str, str]) -> None:
        """A request is over; the server says how much of it is left."""
        try:
            left = int(headers.get("Nats-Pending-Messages") or 0)
        except ValueError:
            left = 0
        self.asked = max(0, self.asked - left) if left else 0
