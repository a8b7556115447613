"""
Answer one request: find its route and function, pass it on, pass the answer back.

Every request ends in exactly one counted outcome, whoever ends it: a function, this gateway, the client that goes away,
or an operator who stops the process.
"""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Coroutine
from functools import lru_cache
from typing import Any

import structlog

from kubeless.delivery.transport.errors import InvalidRequest, TransportError
from kubeless.delivery.transport.request import Request
from kubeless.delivery.transport.response import Response
from kubeless.delivery.transport.retry import next_endpoints
from kubeless.delivery.transport.timeouts import Timeouts
from kubeless.delivery.transport.transport import Transport
from kubeless.gateway.accesslog import AccessLog
from kubeless.gateway.admission import Admission, read_target
from kubeless.gateway.cors import is_preflight, preflight_headers
from kubeless.gateway.functions import Destination, Functions, destination, direct_route
from kubeless.gateway.headers import content_length, for_client, for_function
from kubeless.gateway.headers import request_id as take_request_id
from kubeless.gateway.http.encode import BadAnswer
from kubeless.gateway.incoming import BadBody, BodyTimeout, ClientGone, Incoming, Reply
from kubeless.gateway.journal import Journal, Progress
from kubeless.gateway.metrics import GatewayMetrics
from kubeless.gateway.refusal import Refusal, body, from_transport
from kubeless.gateway.route import Route
from kubeless.gateway.settings import Settings
from kubeless.gateway.shortcut import Passage
from kubeless.gateway.switch import tunnel
from kubeless.gateway.table import RouteTable
from kubeless.gateway.target import Target

log = structlog.get_logger(__name__)

_RUNTIME_GRACE = 1.0
"""Seconds beyond a function's own timeout: its runtime answers 408 then, which says more than our 504."""


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
        access_log: AccessLog | None = None,
    ) -> None:
        self._settings = settings
        self._routes = routes
        self._functions = functions
        self._admission = admission
        self._transport = transport
        silent = AccessLog(enabled=False, sample=0.0)
        self._journal = Journal(routes=routes, functions=functions, metrics=metrics, access_log=access_log or silent)

    def __repr__(self) -> str:
        state = "stopping" if self._journal.stopping else "running"
        return f"<Forwarder {state} in_flight={self._journal.in_flight} {self._routes!r} {self._transport!r}>"

    def begin(self, incoming: Incoming, reply: Reply) -> Coroutine[Any, Any, None] | None:
        """Answer one request: without a task if the function is all there is to wait for, else as `handle` does."""
        if type(incoming.body) is bytes and not incoming.upgrade and self._take_shortcut(incoming, reply):
            return None
        return self.handle(incoming, reply)

    async def handle(self, incoming: Incoming, reply: Reply) -> None:
        """Answer one request. Raises nothing but CancelledError."""
        progress = Progress(take_request_id(incoming))
        self._journal.begin()
        try:
            await self._answer(reply, progress, self._serve(incoming, reply, progress))
        finally:
            self._journal.end(incoming, progress)

    async def drain(self, timeout: float) -> bool:
        """
        From now on close each client's connection after its answer; wait until none is left. Whether that came to be.
        """
        return await self._journal.drain(timeout)

    # -- the short way

    def _take_shortcut(self, incoming: Incoming, reply: Reply) -> bool:
        """Whether the request is on its way. What is refused, or has to wait, takes the long way and learns why."""
        try:
            target, host, name = read_target(incoming)
            route = self._find(name, target)
            if route.cors and is_preflight(incoming):
                return False
            limit = self._body_limit(incoming, route)
            chosen = destination(self._functions, route)
            progress = Progress(take_request_id(incoming), route, _name(chosen))
            request = self._request(incoming, target, host, route, progress.request_id, limit)
            if not self._admission.try_enter(incoming, route, host=host, target=target):
                return False
        except Refusal:
            return False
        timeouts = self._timeouts(route, chosen)
        try:
            response = self._transport.begin(request, chosen.endpoints, timeouts)
        except (InvalidRequest, TransportError):
            response = None
        if response is None:
            self._admission.leave(route)
            return False
        self._journal.begin()
        Passage(self, incoming, reply, progress, route, request, chosen.endpoints, timeouts, response).wait()
        return True

    def answer(self, passage: Passage) -> None:
        """The whole response is here."""
        progress = passage.progress
        try:
            self._relay_whole(passage.reply, progress, passage.response, passage.route)
        except BadAnswer:
            log.warning("answer cannot be passed on", request_id=progress.request_id, function=progress.function)
            progress.outcome = "bad_response"
            passage.reply.abort()
        except ClientGone:
            progress.outcome = "client_gone"

    async def go_on(self, passage: Passage) -> None:
        """The short way has ended where something has to be waited for."""
        await self._answer(passage.reply, passage.progress, self._continue(passage))

    def passed(self, passage: Passage) -> None:
        """A request that took the short way is over."""
        self._admission.leave(passage.route)
        self._journal.end(passage.incoming, passage.progress)

    async def _continue(self, passage: Passage) -> None:
        response = passage.response
        try:
            while not response.status:
                await response.progress()
        except TransportError as error:
            endpoints = passage.endpoints
            if not next_endpoints(error, passage.request, failed=endpoints[0], endpoints=endpoints, tried=()):
                raise
            response = await self._transport.send(passage.request, endpoints, passage.timeouts)
        async with response:
            await self._relay(passage.reply, passage.progress, response, passage.route)

    # -- the long way

    async def _answer(self, reply: Reply, progress: Progress, work: Coroutine[Any, Any, None]) -> None:
        """Do the work, and answer with what went wrong with it."""
        try:
            try:
                await work
            except Exception as error:
                refusal = _refusal(error, progress)
                if refusal is None:
                    raise
                self._refuse(reply, progress, refusal)
        except ClientGone:
            progress.outcome = "client_gone"
        except asyncio.CancelledError:
            progress.outcome = "cut_off" if self._journal.stopping else "client_gone"
            raise

    async def _serve(self, incoming: Incoming, reply: Reply, progress: Progress) -> None:
        target, host, name = read_target(incoming)
        route = progress.route = self._find(name, target)
        progress.function = f"{route.namespace}/{route.function}" if route.function else ""
        if route.cors and is_preflight(incoming):
            self._preflight(incoming, reply, progress, route)
            return
        await self._admission.enter(incoming, route, host=host, target=target)
        try:
            await self._pass_on(incoming, reply, progress, route, target, host)
        finally:
            self._admission.leave(route)

    async def _pass_on(
        self, incoming: Incoming, reply: Reply, progress: Progress, route: Route, target: Target, host: bytes
    ) -> None:
        limit = self._body_limit(incoming, route)
        chosen = destination(self._functions, route)
        progress.function = _name(chosen)
        request = self._request(incoming, target, host, route, progress.request_id, limit)
        async with await self._transport.send(request, chosen.endpoints, self._timeouts(route, chosen)) as response:
            if response.tunnel is None:
                await self._relay(reply, progress, response, route)
                return
            progress.status = response.status
            headers = for_client(response.headers, request_id=progress.request_id, cors=route.cors)
            await tunnel(reply.switch(headers), response.tunnel)
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
            headers=for_function(incoming, host=host, request_id=request_id),
            body=given if isinstance(given, bytes) or limit is None else _bounded(given, limit),
            content_length=incoming.content_length,
            host=host or None,
            upgrade=incoming.upgrade or None,
        )

    def _timeouts(self, route: Route, chosen: Destination) -> Timeouts:
        """A function may be silent for as long as it may run; a stream that goes on is never cut."""
        read = chosen.function.timeout + _RUNTIME_GRACE if route.timeout is None else route.timeout
        return _timeouts(self._settings.connect_timeout, self._settings.acquire_timeout, read)

    async def _relay(self, reply: Reply, progress: Progress, response: Response, route: Route) -> None:
        if response.complete:
            self._relay_whole(reply, progress, response, route)
            return
        progress.status = response.status
        headers = for_client(response.headers, request_id=progress.request_id, cors=route.cors)
        length = content_length(response.headers)
        await reply.start(response.status, headers, length=length, close=self._journal.stopping)
        async for piece in response:
            await reply.write(piece)
        progress.outcome = "answered"

    def _relay_whole(self, reply: Reply, progress: Progress, response: Response, route: Route) -> None:
        status = progress.status = response.status
        headers = for_client(response.headers, request_id=progress.request_id, cors=route.cors)
        data = response.take()
        length = len(data) if data else content_length(response.headers) or 0
        reply.send(status, headers, data, length=length, close=self._journal.stopping)
        progress.outcome = "answered"

    def _preflight(self, incoming: Incoming, reply: Reply, progress: Progress, route: Route) -> None:
        headers = preflight_headers(route, incoming.headers)
        headers.append((b"X-Request-Id", progress.request_id.encode("ascii")))
        progress.status, progress.outcome = 204, "preflight"
        reply.send(204, headers, b"", length=None, close=self._journal.stopping)

    def _refuse(self, reply: Reply, progress: Progress, refusal: Refusal) -> None:
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
        reply.send(refusal.status, headers, answer, length=len(answer), close=refusal.close or self._journal.stopping)


def _refusal(error: Exception, progress: Progress) -> Refusal | None:
    """What the client is told of an error; None: there is no client any more."""
    match error:
        case Refusal():
            return error
        case ClientGone():
            return None
        case TransportError():
            return from_transport(error)
        case BodyTimeout():
            return Refusal(408, "body_timeout", str(error), close=True)
        case BadAnswer():
            return Refusal(502, "bad_response", str(error))
        case InvalidRequest() | BadBody():
            return Refusal(400, "bad_request", str(error), close=True)
    log.error("request failed", request_id=progress.request_id, route=progress.route_label, exc_info=error)
    return Refusal(500, "internal_error", "the gateway failed")


@lru_cache(1024)
def _timeouts(connect: float, acquire: float, read: float) -> Timeouts:
    return Timeouts(connect=connect, acquire=acquire, read=read, total=None)


def _name(chosen: Destination) -> str:
    return f"{chosen.function.namespace}/{chosen.function.name}"


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
