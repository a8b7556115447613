"""
Notice a JetStream consumer that looks alive and delivers nothing.

The server sends heartbeats, there are messages behind the last one it delivered, there is room for them, and yet none
was delivered to any replica over several looks. A consumer that is paused, waits for acknowledgements at its bound, or
has nothing to deliver does not count.
"""

from kubeless.core.jsontypes import JsonObject

LOOKS = 3
"""Looks in a row without progress that make a stall."""


class StallWatch:
    """What was seen of one consumer. Belongs to one session."""

    def __init__(self) -> None:
        self._delivered = -1
        self._idle = 0

    def look(self, info: JsonObject, *, wanting: bool) -> bool:
        """Whether the consumer is stalled. `wanting` is whether messages would be taken if there were any."""
        config = info.get("config") or {}
        unacknowledged, most = int(info.get("num_ack_pending") or 0), int(config.get("max_ack_pending") or 0)
        waits = bool(info.get("paused")) or 0 < most <= unacknowledged
        delivered = int((info.get("delivered") or {}).get("consumer_seq") or 0)
        could = wanting and not waits and int(info.get("num_pending") or 0) > 0
        self._idle = self._idle + 1 if could and delivered == self._delivered else 0
        self._delivered = delivered
        return self._idle >= LOOKS
