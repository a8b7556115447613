"""
Answer one request: find its route and function, pass it on, pass the answer back.

Every request ends in exactly one counted outcome, whoever ends it: a function, this gateway, the client that goes away,
or an operator who stops the process.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog

from kubeless.core.tracing import Tracer
from kubeless.delivery.transport.errors import InvalidRequest, TransportError
from kubeless.delivery.transport.transport import Transport
from kubeless.gateway.accesslog import AccessLog
from kubeless.gateway.admission import Admission, read_target
from kubeless.gateway.cors import is_preflight
from kubeless.gateway.dispatch import Dispatch
from kubeless.gateway.express import Expressway
from kubeless.gateway.functions import Functions
from kubeless.gateway.headers import request_id as take_request_id
from kubeless.gateway.http.encode import BadAnswer
from kubeless.gateway.incoming import ClientGone, Incoming, Reply
from kubeless.gateway.journal import Journal, Progress
from kubeless.gateway.metrics import GatewayMetrics
from kubeless.gateway.refusal import Refusal
from kubeless.gateway.relay import answer_preflight, answer_refusal, refusal_of, relay, relay_whole
from kubeless.gateway.requestspan import begin_span
from kubeless.gateway.route import Route
from kubeless.gateway.settings import Settings
from kubeless.gateway.shortcut import Passage
from kubeless.gateway.table import RouteTable
from kubeless.gateway.target import Target

log = structlog.get_logger(__name__)


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
        tracer: Tracer | None = None,
    ) -> None:
        self._admission = admission
        self._transport = transport
        self._dispatch = Dispatch(settings, routes=routes, functions=functions)
        silent = AccessLog(enabled=False, sample=0.0)
        self._journal = Journal(routes=routes, functions=functions, metrics=metrics, access_log=access_log or silent)
        self._tracer = tracer
        self.expressway = (
            Expressway(self, dispatch=self._dispatch, admission=admission, transport=transport, journal=self._journal)
            if tracer is None
            else None
        )
        """For servers, which then do not ask for every request. None: every request has a span, see `requestspan`."""

    def __repr__(self) -> str:
        journal = self._journal
        state = "stopping" if journal.stopping else "running"
        return f"<Forwarder {state} in_flight={journal.in_flight} {self._dispatch.routes!r} {self._transport!r}>"

    def begin(self, incoming: Incoming, reply: Reply) -> Coroutine[Any, Any, None] | None:
        """Answer one request: without a task if the function is all there is to wait for, else as `handle` does."""
        if type(incoming.body) is bytes and not incoming.upgrade and self._take_shortcut(incoming, reply):
            return None
        return self.handle(incoming, reply)

    async def handle(self, incoming: Incoming, reply: Reply) -> None:
        """Answer one request. Raises nothing but CancelledError."""
        progress = self._progress(incoming)
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

    def _progress(self, incoming: Incoming) -> Progress:
        progress = Progress(take_request_id(incoming))
        if self._tracer is not None:
            progress.span = begin_span(self._tracer, incoming, progress.request_id)
        return progress

    # -- the short way

    def _take_shortcut(self, incoming: Incoming, reply: Reply) -> bool:
        """Whether the request is on its way. What is refused, or has to wait, takes the long way and learns why."""
        dispatch = self._dispatch
        try:
            target, host, name = read_target(incoming)
            route = dispatch.find(name, target)
            if route.cors and is_preflight(incoming):
                return False
            limit = dispatch.body_limit(incoming, route)
            chosen = dispatch.destination(route)
            progress = self._progress(incoming)
            progress.route, progress.function = route, chosen.name
            request = dispatch.request(incoming, target, host, route, progress.request_id, limit, progress.traceparent)
            if not self._admission.try_enter(incoming, route, host=host, target=target):
                return False
        except Refusal:
            return False
        timeouts = dispatch.timeouts(route, chosen)
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
            relay_whole(passage.reply, progress, passage.response, passage.route, last=self._journal.stopping)
        except BadAnswer:
            log.warning("answer cannot be passed on", request_id=progress.request_id, function=progress.function)
            progress.outcome = "bad_response"
            passage.reply.abort()
        except ClientGone:
            progress.outcome = "client_gone"

    async def go_on(self, passage: Passage) -> None:
        """The short way, or the express way, has ended where something has to be waited for."""
        await self._answer(passage.reply, passage.progress, self._continue(passage))

    def passed(self, passage: Passage) -> None:
        """A request that took the short way is over."""
        self._admission.leave(passage.route)
        self._journal.end(passage.incoming, passage.progress)

    async def _continue(self, passage: Passage) -> None:
        began, request, endpoints, timeouts = passage.response, passage.request, passage.endpoints, passage.timeouts
        async with await self._transport.carry_on(began, request, endpoints, timeouts) as response:
            await relay(passage.reply, passage.progress, response, passage.route, last=self._journal.stopping)

    # -- the long way

    async def _answer(self, reply: Reply, progress: Progress, work: Coroutine[Any, Any, None]) -> None:
        """Do the work, and answer with what went wrong with it."""
        try:
            try:
                await work
            except Exception as error:
                refusal = refusal_of(error, progress)
                if refusal is None:
                    raise
                answer_refusal(reply, progress, refusal, last=self._journal.stopping)
        except ClientGone:
            progress.outcome = "client_gone"
        except asyncio.CancelledError:
            progress.outcome = "cut_off" if self._journal.stopping else "client_gone"
            raise

    async def _serve(self, incoming: Incoming, reply: Reply, progress: Progress) -> None:
        target, host, name = read_target(incoming)
        route = progress.route = self._dispatch.find(name, target)
        progress.function = f"{route.namespace}/{route.function}" if route.function else ""
        if route.cors and is_preflight(incoming):
            answer_preflight(incoming, reply, progress, route, last=self._journal.stopping)
            return
        await self._admission.enter(incoming, route, host=host, target=target)
        try:
            await self._pass_on(incoming, reply, progress, route, target, host)
        finally:
            self._admission.leave(route)

    async def _pass_on(
        self, incoming: Incoming, reply: Reply, progress: Progress, route: Route, target: Target, host: bytes
    ) -> None:
        dispatch = self._dispatch
        limit = dispatch.body_limit(incoming, route)
        chosen = dispatch.destination(route)
        progress.function = chosen.name
        request = dispatch.request(incoming, target, host, route, progress.request_id, limit, progress.traceparent)
        async with await self._transport.send(request, chosen.endpoints, dispatch.timeouts(route, chosen)) as response:
            await relay(reply, progress, response, route, last=self._journal.stopping)
