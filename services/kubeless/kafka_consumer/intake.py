"""
From which partitions to take how many events now: a decision without I/O.

What is taken waits in memory and, after a crash or a rebalance, is taken again; so no more is taken than keeps the
function busy. Where order is per partition one event of each is under way at a time, so each gets a small share, and a
partition with a long backlog does not keep the others from being served. Taking waits until some places are free: one
poll for many events, not one for each.
"""

from collections.abc import Mapping
from typing import NamedTuple

from kubeless.api.delivery import Order
from kubeless.kafka_consumer.progress import Progress

AHEAD = 64
"""Events of a partition that wait at most, where only one of them can be under way."""


class Bounds(NamedTuple):
    """When and how much to take."""

    free: int
    """Places that must be free before anything is taken."""
    most: int
    """Events of one partition that may be taken and not done."""
    low: int
    """A partition with more than these is left alone."""


class Intake(NamedTuple):
    """Which partitions to take from, and how many events of each at most; none if there is no room."""

    partitions: list[int]
    limit: int


def bounds(order: Order, *, capacity: int, partitions: int) -> Bounds:
    """`capacity` is how many events the deliverer takes in all."""
    least = max(1, capacity // 4)
    if order != "partition":
        return Bounds(least, capacity, capacity)
    most = max(1, min(AHEAD, capacity // max(1, partitions)))
    return Bounds(min(least, most), most, most // 2)


def decide(held: Mapping[int, Progress], limits: Bounds, *, free: int) -> Intake:
    """`free` is how many more events the deliverer wants."""
    if free < limits.free:
        return Intake([], 0)
    room = {
        partition: min(free, progress.room, limits.most - progress.pending)
        for partition, progress in held.items()
        if progress.pending <= limits.low
    }
    ready = [partition for partition, count in room.items() if count > 0]
    return Intake(ready, min((room[partition] for partition in ready), default=0))
