"""
Keep the route table equal to the HTTPTriggers of the cluster.

A trigger that cannot become a route is left out and its reason kept; so is the reason of one that lost its place to an
older one. Both are there for whoever writes the triggers' conditions.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import structlog

from kubeless.api.httptrigger import parse_http_trigger
from kubeless.core.errors import InvalidInput
from kubeless.core.jsontypes import JsonObject
from kubeless.gateway.route import Route, RouteKey, make_route
from kubeless.gateway.table import RouteTable

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Unusable:
    """Why a trigger has no route, in words for its owner."""

    reason: str


Entry = Route | Unusable


def read_trigger(obj: JsonObject) -> Entry:
    """The informer's transform; nothing that somebody wrote into a trigger makes it fail."""
    try:
        return make_route(parse_http_trigger(obj))
    except InvalidInput as error:
        return Unusable(str(error))


class TriggerFeed:
    """Applies changes of triggers to a table, each at once."""

    def __init__(self, table: RouteTable, *, route_gone: Callable[[Route], None]) -> None:
        """`route_gone` is told of every route that no longer exists."""
        self._table = table
        self._route_gone = route_gone
        self._unusable: dict[RouteKey, str] = {}

    @property
    def unusable(self) -> Mapping[RouteKey, str]:
        """Triggers without a route, and why."""
        return MappingProxyType(self._unusable)

    def changed(self, key: RouteKey, _old: Entry | None, new: Entry | None) -> None:
        """The informer's handler."""
        self._unusable.pop(key, None)
        if isinstance(new, Route):
            self._put(new)
            return
        gone = self._table.remove(key)
        if gone is not None:
            self._route_gone(gone)
        if new is not None:
            self._unusable[key] = new.reason
            log.warning("trigger is not served", trigger="/".join(key), reason=new.reason)

    def _put(self, route: Route) -> None:
        self._table.put(route)
        if route.unsupported:
            log.warning("trigger is refused", trigger=route.label, unsupported=route.unsupported)
        winner = self._table.winner(route)
        if winner is not route:
            log.warning("trigger lost its place to an older one", trigger=route.label, winner=winner.label)
