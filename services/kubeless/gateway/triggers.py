"""
Keep the route table equal to the HTTPTriggers of the cluster.

A trigger that cannot become a route is left out and its reason kept. Whoever writes the triggers' conditions is told of
each trigger whose state may have changed, also of one that gained or lost its place because another came or went.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import orjson
import structlog

from kubeless.api.httptrigger import parse_http_trigger
from kubeless.api.metadata import Metadata
from kubeless.core.errors import InvalidInput
from kubeless.core.jsontypes import JsonObject
from kubeless.gateway.protection import Protection
from kubeless.gateway.route import Route, RouteKey, make_route
from kubeless.gateway.table import RouteTable
from kubeless.kube.cache import ObjectKey

log = structlog.get_logger(__name__)

_NO_STATUS = b"{}"


@dataclass(frozen=True, slots=True)
class Entry:
    """What is kept of a trigger. There may be ten thousand, and only one replica looks at their statuses."""

    route: Route | None
    """None: the trigger cannot become a route, see `problem`."""
    problem: str
    """In words for its owner."""
    generation: int
    resource_version: str
    deleting: bool
    status: bytes
    """As JSON: a tenth of what the objects would take."""


def read_trigger(obj: JsonObject) -> Entry:
    """The informer's transform; nothing that somebody wrote into a trigger makes it fail."""
    meta = Metadata.parse(obj)
    route, problem = None, ""
    try:
        route = make_route(parse_http_trigger(obj))
    except InvalidInput as error:
        problem = str(error)
    status = obj.get("status")
    return Entry(
        route=route,
        problem=problem,
        generation=meta.generation,
        resource_version=meta.resource_version,
        deleting=meta.deleting,
        # A copy: what orjson returns keeps the room it was written in, four times as much.
        status=bytes(memoryview(orjson.dumps(status))) if status else _NO_STATUS,
    )


class TriggerFeed:
    """Applies changes of triggers to a table, each at once."""

    def __init__(self, table: RouteTable, protection: Protection, *, route_gone: Callable[[Route], None]) -> None:
        """`route_gone` is told of every route that no longer exists."""
        self._table = table
        self._protection = protection
        self._route_gone = route_gone
        self._entries: dict[RouteKey, Entry] = {}
        self._by_function: dict[ObjectKey, set[RouteKey]] = {}
        self._selecting: dict[str, set[RouteKey]] = {}
        self._listeners: list[Callable[[ObjectKey], None]] = []

    @property
    def unusable(self) -> dict[RouteKey, str]:
        """Triggers without a route, and why."""
        return {key: entry.problem for key, entry in self._entries.items() if entry.route is None}

    def entry(self, key: RouteKey) -> Entry | None:
        """What is known of a trigger."""
        return self._entries.get(key)

    def triggers(self) -> list[ObjectKey]:
        """All triggers."""
        return [ObjectKey(*key) for key in self._entries]

    def subscribe(self, listener: Callable[[ObjectKey], None]) -> None:
        """Call `listener` with the key of a trigger when something about it may have changed."""
        self._listeners.append(listener)

    def concerned(self, function: ObjectKey) -> set[RouteKey]:
        """The triggers whose requests may go to a function."""
        return self._by_function.get(function, set()) | self._selecting.get(function.namespace, set())

    def changed(self, key: RouteKey, _old: Entry | None, new: Entry | None) -> None:
        """The informer's handler."""
        before = self._entries.pop(key, None)
        if new is not None:
            self._entries[key] = new
        old_route = None if before is None else before.route
        new_route = None if new is None else new.route
        if old_route != new_route:
            self._apply(key, old_route, new_route)
        if new is not None and new.problem and (before is None or before.problem != new.problem):
            log.warning("trigger is not served", trigger="/".join(key), reason=new.problem)
        self._tell([key])

    def _apply(self, key: RouteKey, old: Route | None, new: Route | None) -> None:
        rivals = self._table.rivals(old) if old is not None else []
        if old is not None:
            self._unindex(old)
        if new is None:
            self._table.remove(key)
            self._protection.remove(key)
            if old is not None:
                self._route_gone(old)
        else:
            self._put(new)
            rivals += self._table.rivals(new)
        self._tell(rival.key for rival in rivals if rival.key != key)

    def _put(self, route: Route) -> None:
        self._table.put(route)
        self._protection.put(route)
        self._index(route).add(route.key)
        winner = self._table.winner(route)
        if winner is not route:
            log.warning("trigger lost its place to an older one", trigger=route.label, winner=winner.label)

    def _index(self, route: Route) -> set[RouteKey]:
        if route.selector is not None:
            return self._selecting.setdefault(route.namespace, set())
        return self._by_function.setdefault(ObjectKey(route.namespace, route.function), set())

    def _unindex(self, route: Route) -> None:
        keys = self._index(route)
        keys.discard(route.key)
        if not keys and route.selector is not None:
            del self._selecting[route.namespace]
        elif not keys:
            del self._by_function[ObjectKey(route.namespace, route.function)]

    def _tell(self, keys: Iterable[RouteKey]) -> None:
        for key in keys:
            for listener in self._listeners:
                listener(ObjectKey(*key))
