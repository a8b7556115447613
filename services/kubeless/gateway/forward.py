"""
Answer one request: find its route and function, pass it on, pass the answer back.

Every request ends in exactly one counted outcome, whoever ends it: a function, this gateway, the client that goes away,
or an operator who stops the process.
"""

import asyncio
import time
from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass

import structlog

from kubeless.delivery.transport.errors import InvalidRequest, TransportError
from kubeless.delivery.transport.request import Request
from kubeless.delivery.transport.response import Response
from kubeless.delivery.transport.timeouts import Timeouts
from kubeless.delivery.transport.transport import Transport
from kubeless.gateway.accesslog import AccessLog
from kubeless.gateway.admission import Admission, read_target
from kubeless.gateway.cors import is_preflight, preflight_headers
from kubeless.gateway.functions import Destination, Functions, destination, direct_route
from kubeless.gateway.headers import content_length, for_client, for_function
from kubeless.gateway.headers import request_id as take_request_id
from kubeless.gateway.incoming import BadBody, BodyTimeout, ClientGone, Incoming, Reply
from kubeless.gateway.metrics import GatewayMetrics
from kubeless.gateway.refusal import Refusal, body, from_transport
from kubeless.gateway.route import Route
from kubeless.gateway.settings import Settings
from kubeless.gateway.table import RouteTable
from kubeless.gateway.target import Target

log = structlog.get_logger(__name__)

_RUNTIME_GRACE = 1.0
"""Seconds beyond a function's own timeout: its runtime answers 408 then, which says more than our 504."""


@dataclass(slots=True)
class _Progress:
    """What is known of a request so far; the access log and the metrics are written from it."""

    request_id: str
    route: Route | None = None
    function: str = ""
    status: int = 0
    outcome: str = "internal_error"

    @property
    def route_label(self) -> str:
        return "" if self.route is None else self.route.label


class Forwarder:
    """The gateway's Handler."""

    def __init__(
        self,
        settings: Settings,
        *,
        routes: RouteTable,
        functions: Functions,
        admission: Admission,
        transport: Transport,
        metrics: GatewayMetrics,
    ) -> None:
        self._settings = settings
        self._routes = routes
        self._functions = functions
        self._admission = admission
        self._transport = transport
        self._metrics = metrics
        self._access_log = AccessLog(enabled=settings.access_log, sample=settings.access_log_sample)
        self._in_flight = 0
        self._stopping = False
        self._idle = asyncio.Event()

    def __repr__(self) -> str:
        return f"<Forwarder in_flight={self._in_flight} stopping={self._stopping} {self._routes!r} {self._transport!r}>"

    async def handle(self, incoming: Incoming, reply: Reply) -> None:
        """Answer one request. Raises nothing but CancelledError."""
        progress = _Progress(take_request_id(incoming.headers))
        begun = time.perf_counter()
        self._enter()
        try:
            await self._answer(incoming, reply, progress)
        except ClientGone:
            progress.outcome = "client_gone"
        except asyncio.CancelledError:
            progress.outcome = "cut_off" if self._stopping else "client_gone"
            raise
        finally:
            self._leave()
            self._record(incoming, progress, time.perf_counter() - begun)

    async def drain(self, timeout: float) -> bool:
        """
        From now on close each client's connection after its answer; wait until none is left. Whether that came to be.
        """
        self._stopping = True
        try:
            async with asyncio.timeout(timeout):
                while self._in_flight:
                    self._idle.clear()
                    await self._idle.wait()
        except TimeoutError:
            log.warning("requests are cut off", in_flight=self._in_flight, timeout=timeout)
            return False
        return True

    async def _answer(self, incoming: Incoming, reply: Reply, progress: _Progress) -> None:
        try:
            await self._serve(incoming, reply, progress)
        except Refusal as refusal:
            await self._refuse(incoming, reply, progress, refusal)
        except TransportError as error:
            await self._refuse(incoming, reply, progress, from_transport(error))
        except BodyTimeout as error:
            await self._refuse(incoming, reply, progress, Refusal(408, "body_timeout", str(error), close=True))
        except (InvalidRequest, BadBody) as error:
            await self._refuse(incoming, reply, progress, Refusal(400, "bad_request", str(error), close=True))
        except ClientGone:
            raise
        except Exception:
            log.exception("request failed", request_id=progress.request_id, route=progress.route_label)
            await self._refuse(incoming, reply, progress, Refusal(500, "internal_error", "the gateway failed"))

    async def _serve(self, incoming: Incoming, reply: Reply, progress: _Progress) -> None:
        target, host, name = read_target(incoming)
        route = progress.route = self._find(name, target)
        progress.function = f"{route.namespace}/{route.function}" if route.function else ""
        if route.cors and is_preflight(incoming):
            await self._preflight(incoming, reply, progress, route)
            return
        await self._admission.enter(incoming, route, host=host, target=target)
        try:
            await self._pass_on(incoming, reply, progress, route, target, host)
        finally:
            self._admission.leave(route)

    async def _pass_on(
        self, incoming: Incoming, reply: Reply, progress: _Progress, route: Route, target: Target, host: bytes
    ) -> None:
        limit = self._body_limit(incoming, route)
        chosen = destination(self._functions, route)
        progress.function = f"{chosen.function.namespace}/{chosen.function.name}"
        request = self._request(incoming, target, host, route, progress.request_id, limit)
        async with await self._transport.send(request, chosen.endpoints, self._timeouts(route, chosen)) as response:
            await self._relay(reply, progress, response, route)
        progress.outcome = "answered"

    def _find(self, host: str, target: Target) -> Route:
        route = self._routes.find(host, target.path)
        if route is None and self._settings.direct_paths:
            route = direct_route(self._functions, target)
        if route is None:
            raise Refusal(404, "no_route", f"no route for host {host[:100] or '(none)'} and path {target.path[:100]}")
        return route

    def _body_limit(self, incoming: Incoming, route: Route) -> int | None:
        """The limit in bytes; None: none. Raises Refusal if the announced length is above it."""
        limit = route.max_body_bytes
        if limit is None:
            limit = self._settings.max_body_bytes or None
        if limit is not None and _known_length(incoming) > limit:
            raise _too_large(limit)
        return limit

    def _request(
        self, incoming: Incoming, target: Target, host: bytes, route: Route, request_id: str, limit: int | None
    ) -> Request:
        given = incoming.body
        return Request(
            method=incoming.method,
            target=target.rest(route.depth),
            headers=for_function(
                incoming.headers, peer=incoming.peer, scheme=incoming.scheme, host=host, request_id=request_id
            ),
            body=given if isinstance(given, bytes) or limit is None else _bounded(given, limit),
            content_length=incoming.content_length,
            host=host or None,
        )

    def _timeouts(self, route: Route, chosen: Destination) -> Timeouts:
        """A function may be silent for as long as it may run; a stream that goes on is never cut."""
        return Timeouts(
            connect=self._settings.connect_timeout,
            acquire=self._settings.acquire_timeout,
            read=chosen.function.timeout + _RUNTIME_GRACE if route.timeout is None else route.timeout,
            total=None,
        )

    async def _relay(self, reply: Reply, progress: _Progress, response: Response, route: Route) -> None:
        progress.status = response.status
        headers = for_client(response.headers, request_id=progress.request_id, cors=route.cors)
        length = content_length(response.headers)
        await reply.start(response.status, headers, length=length, close=self._stopping)
        async for piece in response:
            await reply.write(piece)

    async def _preflight(self, incoming: Incoming, reply: Reply, progress: _Progress, route: Route) -> None:
        headers = preflight_headers(route, incoming.headers)
        headers.append((b"X-Request-Id", progress.request_id.encode("ascii")))
        progress.status, progress.outcome = 204, "preflight"
        await reply.start(204, headers, length=None, close=self._stopping)

    async def _refuse(self, incoming: Incoming, reply: Reply, progress: _Progress, refusal: Refusal) -> None:
        """Answer with the refusal, or, where an answer has begun, make its end visible to the client."""
        progress.outcome = refusal.outcome
        if reply.started:
            log.warning(
                "answer cut short", request_id=progress.request_id, function=progress.function, error=str(refusal)
            )
            progress.outcome = "cut_short"
            reply.abort()
            return
        progress.status = refusal.status
        answer = body(refusal, route=progress.route_label, function=progress.function, request_id=progress.request_id)
        headers = [(b"Content-Type", b"application/json"), *refusal.headers]
        headers.append((b"X-Request-Id", progress.request_id.encode("ascii")))
        if progress.route is not None and progress.route.cors:
            headers.append((b"Access-Control-Allow-Origin", b"*"))
        await reply.start(refusal.status, headers, length=len(answer), close=refusal.close or self._stopping)
        if incoming.method != "HEAD":
            await reply.write(answer)

    def _enter(self) -> None:
        self._in_flight += 1
        self._metrics.in_flight.inc()

    def _leave(self) -> None:
        self._in_flight -= 1
        self._metrics.in_flight.dec()
        if not self._in_flight:
            self._idle.set()

    def _record(self, incoming: Incoming, progress: _Progress, seconds: float) -> None:
        route, function = self._labels(progress)
        self._metrics.ended(
            route=route,
            function=function,
            method=incoming.method,
            status=progress.status,
            outcome=progress.outcome,
            seconds=seconds,
        )
        if self._access_log.wants(status=progress.status, outcome=progress.outcome):
            self._access_log.write(
                method=incoming.method,
                target=incoming.target,
                status=progress.status,
                outcome=progress.outcome,
                seconds=seconds,
                route=progress.route_label,
                function=progress.function,
                request_id=progress.request_id,
                peer=incoming.peer,
            )

    def _labels(self, progress: _Progress) -> tuple[str, str]:
        """Names for metrics. A route or function that went meanwhile was forgotten there and must not come back."""
        route, function = progress.route, progress.function
        if route is None:
            return "", ""
        namespace, _, name = function.partition("/")
        known = function and self._functions.function(namespace, name) is not None
        is_trigger = self._routes.get(route.key) is not None
        return route.label if is_trigger else "", function if known else ""


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
