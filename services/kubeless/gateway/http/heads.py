"""
Heads that were seen before, byte for byte, need no second look.

Clients that keep a connection mostly send the same head again and again: probes, pollers, webhooks. Heads with
something of their own in every request (an id, a cookie) cost one dictionary entry more, and long ones are not kept.
"""

from kubeless.gateway.http.head import Head, parse_head
from kubeless.gateway.http.limits import Limits

_KEPT = 1024
_LONGEST = 1024


class Heads:
    """Parsed heads by their bytes; emptied when full, so the memory it takes is bounded by about two megabytes."""

    __slots__ = ("_known", "_limits")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._known: dict[bytes, Head] = {}

    def read(self, raw: bytes) -> Head:
        """`raw` ends with the empty line. The head is shared: nobody else changes it. Raises BadRequest."""
        head = self._known.get(raw)
        if head is None:
            head = parse_head(raw, self._limits)
            if len(raw) <= _LONGEST:
                if len(self._known) >= _KEPT:
                    self._known.clear()
                self._known[raw] = head
        else:
            head.again = True
        return head
