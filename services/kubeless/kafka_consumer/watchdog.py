"""
Notice a consumer that looks alive and consumes nothing.

Two signs: the loop that polls does not come round, or the end of a partition moves while the position stays although
there is room for more. A consumer that waits for a slow function, or has nothing to do, shows neither.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from kubeless.core.errors import KubelessError

LOOKS = 3
"""Looks in a row without progress that make a stall."""

SILENCE = 120.0
"""Seconds that a poll may take: a rebalance waits for the slowest member, but not for ever."""


class Stalled(KubelessError):
    """The consumer makes no progress although there are records."""

    retriable = True


@dataclass(frozen=True, slots=True)
class _Sight:
    position: int
    end: int
    looks: int


class StallWatch:
    """What was seen of each partition. Belongs to one consumer; a new consumer needs a new one."""

    def __init__(self) -> None:
        self._seen: dict[int, _Sight] = {}

    def look(self, positions: Mapping[int, int], ends: Mapping[int, int], *, wanting: Collection[int]) -> list[int]:
        """
        The partitions that are stalled, given position and end of those that are assigned.

        `wanting` are those that events would be taken from if there were any.
        """
        seen = {}
        for partition, position in positions.items():
            end = ends.get(partition, position)
            before = self._seen.get(partition)
            stuck = (
                before is not None
                and partition in wanting
                and position == before.position < before.end
                and (end > before.end or before.looks > 0)
            )
            seen[partition] = _Sight(position, end, before.looks + 1 if before is not None and stuck else 0)
        self._seen = seen
        return [partition for partition, sight in seen.items() if sight.looks >= LOOKS]
