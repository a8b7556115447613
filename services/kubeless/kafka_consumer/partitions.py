"""
The partitions that a consumer holds, from one assignment to the next.

Every rebalance of aiokafka takes all partitions away and most of them come back. Those that come back unchanged go on
where they were: an event that is done, though an older one is not, is not delivered a second time. Those that went
elsewhere, or that another member has worked on meanwhile, are forgotten, and what their events come to no longer
matters.
"""

from collections.abc import Callable

from kubeless.kafka_consumer.progress import Progress

Moved = Callable[[Progress], None]
"""Called when an event of a partition is done."""


class Held:
    """One partition for as long as what is known of it is true."""

    __slots__ = ("_moved", "progress")

    def __init__(self, progress: Progress, moved: Moved) -> None:
        self.progress = progress
        self._moved: Moved | None = moved

    def done(self, offset: int) -> None:
        """The event at `offset` needs nothing more. Late news of a partition that was let go changes nothing."""
        if self._moved is not None:
            self.progress.done(offset)
            self._moved(self.progress)

    def let_go(self) -> None:
        """Stop to listen."""
        self._moved = None


class Partitions:
    """What is held now, and what was held before the rebalance that is going on."""

    def __init__(self, *, limit: int, moved: Moved) -> None:
        """`limit` bounds what is remembered of each; `moved` is called when an event of any is done."""
        self._limit = limit
        self._moved = moved
        self.active: dict[int, Held] = {}
        """Events are taken from these."""
        self.parted: dict[int, Held] = {}
        """Taken away, and perhaps given back soon."""

    def part(self) -> None:
        """All are taken away: nothing more is taken, what is under way goes on."""
        self.parted |= self.active
        self.active = {}

    def resume(self, partition: int, committed: int) -> Held:
        """`partition` is ours, and the broker remembers `committed`."""
        held = self.parted.pop(partition, None)
        if held is not None and held.progress.continues(committed):
            held.progress.commit(committed)
            self.active[partition] = held
            return held
        if held is not None:
            held.let_go()
        return self.begin(partition, committed)

    def begin(self, partition: int, offset: int) -> Held:
        """`partition` is ours and starts at `offset`, whatever was before."""
        for known in (self.parted.pop(partition, None), self.active.pop(partition, None)):
            if known is not None:
                known.let_go()
        held = self.active[partition] = Held(Progress(offset, limit=self._limit), self._moved)
        return held

    def forget_parted(self) -> None:
        """What was not given back is not ours any more."""
        for held in self.parted.values():
            held.let_go()
        self.parted.clear()

    def forget_all(self) -> None:
        """Nothing is ours any more."""
        self.part()
        self.forget_parted()
