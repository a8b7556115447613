"""
All routes, indexed for look-ups that cost the same with ten routes and with ten thousand.

The most specific host that has a matching path wins: the exact name, then the wildcard over it, then routes for every
host; within a host the longest prefix on segment boundaries (`/a` takes `/a` and `/a/b`, not `/ab`). Every change is
applied at once, to the one place it concerns.
"""

from bisect import insort
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from kubeless.gateway.route import Route, RouteKey


@dataclass(frozen=True, slots=True)
class Conflict:
    """A route that is not served because another has the same host and path."""

    route: Route
    winner: Route


class RouteTable:
    """Mutable; used from one event loop only."""

    def __init__(self) -> None:
        self._hosts: dict[str, _Paths] = {}
        self._routes: dict[RouteKey, Route] = {}
        self.version = 0
        """Rises with every change: what was looked up at the same version still holds."""

    def __len__(self) -> int:
        return len(self._routes)

    def __repr__(self) -> str:
        return f"<RouteTable {len(self._routes)} routes, {len(self._hosts)} hosts>"

    def get(self, key: RouteKey) -> Route | None:
        """The route of a trigger, served or not."""
        return self._routes.get(key)

    def put(self, route: Route) -> None:
        """Add a route, or replace the one with the same key."""
        self.remove(route.key)
        self._routes[route.key] = route
        self.version += 1
        self._hosts.setdefault(route.host, _Paths()).add(route)

    def remove(self, key: RouteKey) -> Route | None:
        """Take out a route if it is there."""
        route = self._routes.pop(key, None)
        if route is not None:
            self.version += 1
            paths = self._hosts[route.host]
            paths.remove(route)
            if paths.empty:
                del self._hosts[route.host]
        return route

    def find(self, host: str, path: str) -> Route | None:
        """The route for a normalised host and path (see `target`)."""
        for name in (host, f"*.{host.partition('.')[2]}", ""):
            paths = self._hosts.get(name)
            if paths is not None:
                route = paths.find(path)
                if route is not None:
                    return route
        return None

    def winner(self, route: Route) -> Route:
        """The route that is served in the place of `route`, which is in the table."""
        return self._hosts[route.host].winner(route.prefix)

    def rivals(self, route: Route) -> list[Route]:
        """All routes with the host and prefix of `route`, the one that is served first."""
        paths = self._hosts.get(route.host)
        return [] if paths is None else paths.rivals(route.prefix)

    def conflicts(self) -> Iterator[Conflict]:
        """Every route that lost its place to another."""
        for paths in self._hosts.values():
            yield from paths.conflicts()


class _Paths:
    """The routes of one host by prefix."""

    def __init__(self) -> None:
        self._by_prefix: dict[str, list[Route]] = {}
        self._depths: Counter[int] = Counter()
        self._deepest = 0

    @property
    def empty(self) -> bool:
        return not self._by_prefix

    def add(self, route: Route) -> None:
        insort(self._by_prefix.setdefault(route.prefix, []), route, key=lambda rival: rival.precedence)
        self._depths[route.depth] += 1
        self._deepest = max(self._deepest, route.depth)

    def remove(self, route: Route) -> None:
        rivals = self._by_prefix[route.prefix]
        rivals.remove(route)
        if not rivals:
            del self._by_prefix[route.prefix]
        self._depths[route.depth] -= 1
        if not self._depths[route.depth]:
            del self._depths[route.depth]
            self._deepest = max(self._depths, default=0)

    def winner(self, prefix: str) -> Route:
        return self._by_prefix[prefix][0]

    def rivals(self, prefix: str) -> list[Route]:
        return list(self._by_prefix.get(prefix, ()))

    def find(self, path: str) -> Route | None:
        # As many steps as the deepest route has segments, however many slashes a client sends.
        ends = [0]
        for _ in range(self._deepest):
            end = path.find("/", ends[-1] + 1)
            ends.append(end if end > 0 else len(path))
            if end < 0:
                break
        for end in reversed(ends):
            rivals = self._by_prefix.get(path[:end])
            if rivals is not None:
                return rivals[0]
        return None

    def conflicts(self) -> Iterator[Conflict]:
        for rivals in self._by_prefix.values():
            for loser in rivals[1:]:
                yield Conflict(loser, rivals[0])
