"""The way back: what a client is told, by a function or by this gateway itself."""

import structlog

from kubeless.delivery.transport.errors import InvalidRequest, TransportError
from kubeless.delivery.transport.response import Response
from kubeless.gateway.cors import preflight_headers
from kubeless.gateway.headers import content_length, for_client
from kubeless.gateway.http.encode import BadAnswer
from kubeless.gateway.incoming import BadBody, BodyTimeout, ClientGone, Incoming, Reply
from kubeless.gateway.journal import Progress
from kubeless.gateway.refusal import Refusal, body, from_transport
from kubeless.gateway.route import Route
from kubeless.gateway.switch import tunnel

log = structlog.get_logger(__name__)


async def relay(reply: Reply, progress: Progress, response: Response, route: Route, *, last: bool) -> None:
    """
    Pass a response on as it comes. `last`: the client's connection ends with it. Raises ClientGone, BadAnswer, and the
    TransportError that cut the response short.
    """
    if response.complete:
        relay_whole(reply, progress, response, route, last=last)
        return
    progress.status = response.status
    headers = for_client(response.headers, request_id=progress.request_id, cors=route.cors)
    if response.tunnel is not None:
        await tunnel(reply.switch(headers), response.tunnel)
    else:
        await reply.start(response.status, headers, length=content_length(response.headers), close=last)
        async for piece in response:
            await reply.write(piece)
    progress.outcome = "answered"


def relay_whole(reply: Reply, progress: Progress, response: Response, route: Route, *, last: bool) -> None:
    """Pass a complete response on, see `relay`."""
    status = progress.status = response.status
    headers = for_client(response.headers, request_id=progress.request_id, cors=route.cors)
    data = response.take()
    length = len(data) if data else content_length(response.headers) or 0
    reply.send(status, headers, data, length=length, close=last)
    progress.outcome = "answered"


def answer_preflight(incoming: Incoming, reply: Reply, progress: Progress, route: Route, *, last: bool) -> None:
    """Tell a browser what it may send."""
    headers = preflight_headers(route, incoming.headers)
    headers.append((b"X-Request-Id", progress.request_id.encode("ascii")))
    progress.status, progress.outcome = 204, "preflight"
    reply.send(204, headers, b"", length=None, close=last)


def answer_refusal(reply: Reply, progress: Progress, refusal: Refusal, *, last: bool) -> None:
    """Answer with the refusal, or, where an answer has begun, make its end visible to the client."""
    progress.outcome = refusal.outcome
    if reply.started:
        log.warning("answer cut short", request_id=progress.request_id, function=progress.function, error=str(refusal))
        progress.outcome = "cut_short"
        reply.abort()
        return
    progress.status = refusal.status
    answer = body(refusal, route=progress.route_label, function=progress.function, request_id=progress.request_id)
    headers = [(b"Content-Type", b"application/json"), *refusal.headers]
    headers.append((b"X-Request-Id", progress.request_id.encode("ascii")))
    if progress.route is not None and progress.route.cors:
        headers.append((b"Access-Control-Allow-Origin", b"*"))
    reply.send(refusal.status, headers, answer, length=len(answer), close=refusal.close or last)


def refusal_of(error: Exception, progress: Progress) -> Refusal | None:
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
