"""
Choose one of several endpoints: the less busy of two drawn at random.

Two random choices come close to a perfect balance without looking at all endpoints, and, unlike "the least busy one",
do not send the herd of all replicas to the same pod (Mitzenmacher, "The Power of Two Choices in Randomized Load
Balancing").
"""

import random
from collections.abc import Callable, Mapping, Sequence

from kubeless.routing.endpoints import Endpoint


def pick(
    endpoints: Sequence[Endpoint],
    in_flight: Mapping[Endpoint, int],
    *,
    draw: Callable[[], float] = random.random,
) -> Endpoint:
    """
    One of `endpoints`, which must not be empty; `in_flight` counts this process's open requests (absent: none).

    `draw()` is a random number from 0 to below 1, replaced in tests.
    """
    count = len(endpoints)
    if count == 1:
        return endpoints[0]
    first = int(draw() * count)
    second = int(draw() * (count - 1))
    if second >= first:
        second += 1  # Two different ones, each pair equally likely.
    one, other = endpoints[first], endpoints[second]
    return other if in_flight.get(other, 0) < in_flight.get(one, 0) else one
