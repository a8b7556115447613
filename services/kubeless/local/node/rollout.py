"""
How a Deployment moves from old pods to new ones: arithmetic on numbers of replicas, without I/O.

The rules are those of the Deployment controller (kubernetes: pkg/controller/deployment/rolling.go): never more than
`replicas + maxSurge` pods in total, never fewer than `replicas - maxUnavailable` available ones; unhealthy old pods go
first, as they are no loss.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from kubeless.core.errors import InvalidField


@dataclass(frozen=True, slots=True)
class Replicas:
    """The counts of one ReplicaSet."""

    name: str
    desired: int
    available: int
    actual: int = 0


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far a rolling update may go, in pods."""

    surge: int
    unavailable: int


def bounds(replicas: int, max_surge: int | str | None, max_unavailable: int | str | None) -> Bounds:
    """
    Numbers for `maxSurge` and `maxUnavailable` (default 25 %): percentages of `replicas`, rounded up and down.

    Both zero would never get anywhere; then one pod may be unavailable, as the API documents.

    Raises:
        InvalidField: neither a number nor a percentage.
    """
    surge = _portion("maxSurge", "25%" if max_surge is None else max_surge, replicas, math.ceil)
    unavailable = _portion(
        "maxUnavailable", "25%" if max_unavailable is None else max_unavailable, replicas, math.floor
    )
    if surge == 0 and unavailable == 0:
        unavailable = 1
    return Bounds(surge, min(unavailable, replicas))


def roll(replicas: int, new: Replicas, old: Sequence[Replicas], limits: Bounds) -> dict[str, int]:
    """The ReplicaSets to scale next, with their new sizes. `old` is sorted by age, the oldest first."""
    grown = _grow(replicas, new, old, limits)
    if grown != new.desired:
        return {new.name: grown}
    shrunk = _shrink(replicas, new, old, limits)
    return {after.name: after.desired for before, after in zip(old, shrunk, strict=True) if after != before}


def recreate(replicas: int, new: Replicas | None, old: Sequence[Replicas]) -> dict[str, int]:
    """The same for the strategy Recreate: first no old pod may be left."""
    sizes = {item.name: 0 for item in old if item.desired}
    if not sizes and not any(item.actual for item in old) and new is not None and new.desired != replicas:
        sizes[new.name] = replicas
    return sizes


def scale_paused(replicas: int, sets: Sequence[Replicas]) -> dict[str, int]:
    """
    The same for a paused Deployment that is scaled: each ReplicaSet keeps its share of the pods.

    `sets` is sorted by age; what rounding leaves over goes to the newest.
    """
    active = [item for item in sets if item.desired] or list(sets[-1:])
    total = sum(item.desired for item in active)
    if not active or total == replicas:
        return {}
    sizes = {item.name: replicas * item.desired // total if total else 0 for item in active}
    sizes[active[-1].name] += replicas - sum(sizes.values())
    before = {item.name: item.desired for item in active}
    return {name: size for name, size in sizes.items() if size != before[name]}


def _grow(replicas: int, new: Replicas, old: Sequence[Replicas], limits: Bounds) -> int:
    if new.desired >= replicas:
        return replicas
    total = new.desired + sum(item.desired for item in old)
    room = max(0, replicas + limits.surge - total)
    return min(replicas, new.desired + room)


def _shrink(replicas: int, new: Replicas, old: Sequence[Replicas], limits: Bounds) -> list[Replicas]:
    least = replicas - limits.unavailable
    total = new.desired + sum(item.desired for item in old)
    unavailable = max(0, new.desired - new.available)
    after = _drop_unhealthy(old, max(0, total - least - unavailable))
    available = new.available + sum(min(item.available, item.desired) for item in after)
    return _drop_any(after, max(0, available - least))


def _drop_unhealthy(old: Sequence[Replicas], limit: int) -> list[Replicas]:
    result = []
    for item in old:
        drop = min(limit, max(0, item.desired - item.available))
        limit -= drop
        result.append(replace(item, desired=item.desired - drop))
    return result


def _drop_any(old: Sequence[Replicas], limit: int) -> list[Replicas]:
    result = []
    for item in old:
        drop = min(limit, item.desired)
        limit -= drop
        result.append(replace(item, desired=item.desired - drop))
    return result


def _portion(field: str, value: int | str, replicas: int, rounding: Callable[[Fraction], int]) -> int:
    text = str(value)
    number = text.removesuffix("%")
    if not number.isascii() or not number.isdigit():
        raise InvalidField(field, value, problem="cannot be read", remedy="use a number such as 1 or a percentage, 25%")
    return rounding(Fraction(int(number) * replicas, 100)) if text.endswith("%") else int(number)
