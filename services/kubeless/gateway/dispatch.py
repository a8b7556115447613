"""From what came in to what goes out: the route of a request, its function, and the request that is sent there."""

from collections.abc import AsyncIterable, AsyncIterator
from functools import lru_cache

from kubeless.delivery.transport.request import Request
from kubeless.delivery.transport.timeouts import Timeouts
from kubeless.gateway.functions import Destination, Functions, destination, direct_route
from kubeless.gateway.headers import for_function
from kubeless.gateway.incoming import Incoming
from kubeless.gateway.refusal import Refusal
from kubeless.gateway.route import Route
from kubeless.gateway.settings import Settings
from kubeless.gateway.table import RouteTable
from kubeless.gateway.target import Target

_RUNTIME_GRACE = 1.0
"""Seconds beyond a function's own timeout: its runtime answers 408 then, which says more than our 504."""


class Dispatch:
    """Looks up and decides; sends nothing."""

    def __init__(self, settings: Settings, *, routes: RouteTable, functions: Functions) -> None:
        self._settings = settings
        self.routes = routes
        self.functions = functions

    def find(self, host: str, target: Target) -> Route:
        """The route for a normalised host and a target. Raises Refusal (404)."""
        route = self.routes.find(host, target.path)
        if route is None and self._settings.direct_paths:
            route = direct_route(self.functions, target)
        if route is None:
            raise Refusal(404, "no_route", f"no route for host {host[:100] or '(none)'} and path {target.path[:100]}")
        return route

    def destination(self, route: Route) -> Destination:
        """The function that answers now. Raises Refusal (503)."""
        return destination(self.functions, route)

    def body_limit(self, incoming: Incoming, route: Route) -> int | None:
        """The limit in bytes; None: none. Raises Refusal (413) if the announced length is above it."""
        limit = route.max_body_bytes
        if limit is None:
            limit = self._settings.max_body_bytes or None
        if limit is not None and _known_length(incoming) > limit:
            raise _too_large(limit)
        return limit

    def request(
        self,
        incoming: Incoming,
        target: Target,
        host: bytes,
        route: Route,
        request_id: str,
        limit: int | None,
        span: bytes | None = None,
    ) -> Request:
        """
        What the function is sent; a body beyond `limit` bytes fails with Refusal (413). `span` is as in `for_function`.
        """
        given = incoming.body
        return Request(
            method=incoming.method,
            target=target.rest(route.depth),
            headers=for_function(incoming, host=host, request_id=request_id, span=span),
            body=given if isinstance(given, bytes) or limit is None else _bounded(given, limit),
            content_length=incoming.content_length,
            host=host or None,
            upgrade=incoming.upgrade or None,
        )

    def timeouts(self, route: Route, chosen: Destination) -> Timeouts:
        """A function may be silent for as long as it may run; a stream that goes on is never cut."""
        read = chosen.function.timeout + _RUNTIME_GRACE if route.timeout is None else route.timeout
        return _timeouts(self._settings.connect_timeout, self._settings.acquire_timeout, read)


@lru_cache(1024)
def _timeouts(connect: float, acquire: float, read: float) -> Timeouts:
    return Timeouts(connect=connect, acquire=acquire, read=read, total=None)


def _known_length(incoming: Incoming) -> int:
    if isinstance(incoming.body, bytes):
        return len(incoming.body)
    return incoming.content_length or 0


async def _bounded(pieces: AsyncIterable[bytes], limit: int) -> AsyncIterator[bytes]:
    size = 0
    async for piece in pieces:
        size += len(piece)
        if size > limit:
            raise _too_large(limit)
        yield piece


def _too_large(limit: int) -> Refusal:
    return Refusal(413, "body_too_large", f"the request body is larger than {limit} bytes", close=True)
