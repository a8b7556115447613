"""
Where the statuses of HTTPTriggers come from.

Every replica knows the same: triggers, functions, endpoints and Secrets are all in the Kubernetes API. The one that
holds the Lease writes.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime

import orjson

from kubeless.api.conditions import merge_conditions
from kubeless.api.httptrigger import HTTPTriggerSpec
from kubeless.api.metadata import Metadata
from kubeless.core.jsontypes import JsonObject
from kubeless.delivery.sources.record import TriggerRecord
from kubeless.gateway.conditions import Facts, conditions
from kubeless.gateway.functions import Functions
from kubeless.gateway.htpasswd import Htpasswd
from kubeless.gateway.problem import Problem
from kubeless.gateway.protection import Protection
from kubeless.gateway.route import Route
from kubeless.gateway.table import RouteTable
from kubeless.gateway.triggers import Entry, TriggerFeed
from kubeless.kube.cache import ObjectKey


class TriggerStatus:
    """A `StatusSource`: what to write, for whom."""

    def __init__(
        self,
        feed: TriggerFeed,
        routes: RouteTable,
        functions: Functions,
        protection: Protection,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(tz=UTC),
    ) -> None:
        self._feed = feed
        self._routes = routes
        self._functions = functions
        self._protection = protection
        self._clock = clock

    def triggers(self) -> Iterable[ObjectKey]:
        """All triggers."""
        return self._feed.triggers()

    def trigger(self, key: ObjectKey) -> TriggerRecord[HTTPTriggerSpec] | None:
        """What is needed of one to write its status."""
        entry = self._feed.entry(key)
        return None if entry is None else _record(key, entry)

    def busy(self, _key: ObjectKey) -> bool:
        """A route may go at any time; its requests under way are finished all the same."""
        return False

    async def look(self) -> None:
        """Nothing is asked of anybody. Time alone makes certificates expire, and the writer looks at all after this."""

    def desired(self, record: TriggerRecord[HTTPTriggerSpec]) -> JsonObject:
        """The whole status to write."""
        entry = self._feed.entry(record.key)
        if entry is None:
            return record.status
        now = self._clock()
        return {
            **record.status,
            "observedGeneration": entry.generation,
            "conditions": merge_conditions(
                record.status.get("conditions") or [], conditions(self._facts(entry, now)), now=now
            ),
        }

    def _facts(self, entry: Entry, now: datetime) -> Facts:
        route = entry.route
        if route is None:
            return Facts(None, entry.problem, entry.generation)
        winner = self._routes.winner(route)
        users = self._protection.users(route) if route.auth_secret else None
        functions = self._names(route)
        return Facts(
            route=route,
            problem="",
            generation=entry.generation,
            winner=None if winner.key == route.key else winner,
            tls=self._protection.tls_problem(route, now) if route.tls_secret else None,
            users=users.problem if isinstance(users, Htpasswd) else users,
            users_usable=not isinstance(users, Problem),
            functions=functions,
            reachable=tuple(name for name in functions if self._functions.endpoints(route.namespace, name)),
        )

    def _names(self, route: Route) -> tuple[str, ...]:
        if route.selector is not None:
            return tuple(record.name for record in self._functions.select(route.namespace, route.selector))
        known = self._functions.function(route.namespace, route.function)
        return () if known is None else (known.name,)


def _record(key: ObjectKey, entry: Entry) -> TriggerRecord[HTTPTriggerSpec]:
    metadata = Metadata(
        name=key.name,
        namespace=key.namespace,
        uid="",
        labels={},
        annotations={},
        generation=entry.generation,
        resource_version=entry.resource_version,
        created=None,
        deleting=entry.deleting,
        finalizers=(),
    )
    return TriggerRecord(metadata, None, entry.problem, orjson.loads(entry.status))
