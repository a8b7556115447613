"""
Which endpoints to leave alone for a moment, learned from use alone.

An endpoint that does not take connections has nothing in flight, so a choice by load would prefer it. It is shunned for
a time that doubles with every failure and ends with the first connection it takes. Only failed connections count: a
slow or failing function is the business of the caller's policy, and must not be taken for a dead pod.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from kubeless.delivery.transport.errors import ConnectFailed, ConnectTimeout, TransportError
from kubeless.routing.endpoints import Endpoint

FIRST = 0.5
"""Seconds after the first failure."""
LONGEST = 10.0
"""Seconds at most: an endpoint may be back at any time."""


@dataclass(slots=True)
class _Trouble:
    until: float
    pause: float


class Health:
    """Empty, and then free, as long as all is well."""

    def __init__(self) -> None:
        self._troubles: dict[Endpoint, _Trouble] = {}

    def __bool__(self) -> bool:
        return bool(self._troubles)

    def shunned(self, now: float) -> int:
        """How many endpoints are left alone at loop time `now`."""
        return sum(trouble.until > now for trouble in list(self._troubles.values()))

    def failed(self, endpoint: Endpoint, error: TransportError, now: float) -> None:
        """`error` ended an attempt. Failures of one moment count once."""
        if not isinstance(error, ConnectFailed | ConnectTimeout):
            return
        known = self._troubles.get(endpoint)
        if known is None:
            self._troubles[endpoint] = _Trouble(now + FIRST, FIRST)
        elif now >= known.until:
            known.pause = min(2 * known.pause, LONGEST)
            known.until = now + known.pause

    def worked(self, endpoint: Endpoint) -> None:
        """The endpoint took a connection."""
        self._troubles.pop(endpoint, None)

    def choose_from(self, endpoints: Sequence[Endpoint], now: float) -> Sequence[Endpoint]:
        """Those of `endpoints` that are not shunned; all of them if none is left."""
        well = [endpoint for endpoint in endpoints if not self._is_shunned(endpoint, now)]
        return well or endpoints

    def forget(self, now: float) -> None:
        """Drop what is long over: endpoints come and go, and most that failed never come back."""
        for endpoint, trouble in list(self._troubles.items()):
            if now >= trouble.until + LONGEST:
                del self._troubles[endpoint]

    def _is_shunned(self, endpoint: Endpoint, now: float) -> bool:
        trouble = self._troubles.get(endpoint)
        return trouble is not None and now < trouble.until
