"""
How far a partition is done: the highest offset below which nothing is left to do.

Events end in any order, Kafka remembers one number per partition. The tracker knows the offsets taken since the oldest
one that is not done; that many it may know at most (`room`), so one event that takes hours costs a bounded amount of
memory and, after a crash, a bounded number of second deliveries.

Offsets may have gaps (compaction, transactions). After `rewind` the offsets given up are read again, and those that are
done above them are recognised and skipped.
"""

from heapq import heapify, heappop, heappush


class Progress:
    """Pure bookkeeping of one partition; used from one event loop."""

    __slots__ = ("_committed", "_done", "_limit", "_next", "_order", "_pending")

    def __init__(self, start: int, *, limit: int) -> None:
        """Begin at offset `start`, below which all counts as done and committed."""
        self._committed = start
        self._next = start
        self._limit = limit
        self._order: list[int] = []
        """Offsets taken and not yet below `committable`: a heap; what is done stands behind something that is not."""
        self._pending: set[int] = set()
        self._done: set[int] = set()

    def __repr__(self) -> str:
        return f"<Progress {self._committed} committed, {self.committable} done, {self._next} next>"

    @property
    def committed(self) -> int:
        """What the broker is known to remember."""
        return self._committed

    @property
    def position(self) -> int:
        """Where reading goes on."""
        return self._next

    @property
    def committable(self) -> int:
        """All below is done: this may be committed."""
        order = self._order
        return order[0] if order and order[0] < self._next else self._next

    @property
    def pending(self) -> int:
        """How many are under way."""
        return len(self._pending)

    @property
    def room(self) -> int:
        """How many more may be taken."""
        return max(0, self._limit - len(self._order))

    def take(self, offset: int) -> bool:
        """Note that the event at `offset` is read; False if it is under way or done already."""
        known = offset < self.committable or offset in self._pending or offset in self._done
        if offset >= self._next:
            self._next = offset + 1
        if known:
            self._sweep()
            return False
        heappush(self._order, offset)
        self._pending.add(offset)
        return True

    def done(self, offset: int) -> bool:
        """Note that the event at `offset` needs nothing more; whether `committable` has moved."""
        if offset not in self._pending:
            return False
        self._pending.remove(offset)
        self._done.add(offset)
        if offset != self._order[0]:
            return False
        before = self.committable
        self._sweep()
        return self.committable != before

    def rewind(self) -> None:
        """What is under way was given up: reading goes on at the first of it, and skips what is done beyond."""
        if not self._pending:
            return
        self._next = min(self._next, *self._pending)
        self._order = [offset for offset in self._order if offset not in self._pending]
        self._pending.clear()
        heapify(self._order)

    def commit(self, offset: int) -> None:
        """Note that the broker remembers `offset`."""
        self._committed = offset

    def continues(self, committed: int) -> bool:
        """
        Whether this still describes the partition when the broker remembers `committed`.

        If another member had worked on it and committed, it would be further than what is done here; if it committed
        no more than that, nothing of what is known here is wrong.
        """
        return self._committed <= committed <= self.committable

    def _sweep(self) -> None:
        order, done = self._order, self._done
        # What is done beyond the position is kept: it is read once more and has to be recognised.
        while order and order[0] in done and order[0] < self._next:
            done.remove(heappop(order))
