"""
The messages of one JetStream consumer that were taken and are not acknowledged.

A message is known by its sequence and the time it was stored, for as long as it is under way and a while longer: when
the server delivers it again, since an acknowledgement was lost or came late, it is not handed to the function again.
"""

from collections import OrderedDict
from collections.abc import Iterator

REMEMBERED = 10_000
"""Messages that are done and may come again."""

Identity = tuple[int, int]


class Held:
    """One message."""

    __slots__ = ("delivered", "failed", "reply", "size", "touched")

    def __init__(self, reply: str, size: int, delivered: int, now: float) -> None:
        self.reply = reply
        """Where to acknowledge it."""
        self.size = size
        self.delivered = delivered
        """How often the server delivered it."""
        self.touched = now
        """When the server last heard of it."""
        self.failed = False
        """Whether it becomes a dead letter, rather than being delivered."""


class Holding:
    """All of them."""

    def __init__(self) -> None:
        self._held: dict[Identity, Held] = {}
        self._done: OrderedDict[Identity, None] = OrderedDict()
        self.size = 0
        """Bytes of bodies."""

    def __len__(self) -> int:
        return len(self._held)

    def take(self, identity: Identity, reply: str, size: int, *, delivered: int, now: float) -> bool:
        """Whether the message is new, and has to be delivered. One that is under way gets the new place to answer."""
        known = self._held.get(identity)
        if known is not None:
            known.reply, known.delivered, known.touched = reply, delivered, now
            return False
        if identity in self._done:
            return False
        self._held[identity] = Held(reply, size, delivered, now)
        self.size += size
        return True

    def is_done(self, identity: Identity) -> bool:
        """Whether it needs nothing but an acknowledgement."""
        return identity in self._done

    def fail(self, identity: Identity) -> None:
        """Note that it becomes a dead letter."""
        held = self._held.get(identity)
        if held is not None:
            held.failed = True

    def done(self, identity: Identity) -> Held | None:
        """It needs nothing more; where to say so."""
        held = self._held.pop(identity, None)
        if held is None:
            return None
        self.size -= held.size
        self._done[identity] = None
        if len(self._done) > REMEMBERED:
            self._done.popitem(last=False)
        return held

    def quiet(self, before: float) -> Iterator[Held]:
        """Those that the server last heard of before a moment."""
        return (held for held in self._held.values() if held.touched < before)

    def clear(self) -> list[Held]:
        """Let go of all, oldest first."""
        left = [self._held[identity] for identity in sorted(self._held)]
        self._held.clear()
        self.size = 0
        return left
