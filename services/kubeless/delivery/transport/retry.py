"""
Whether a request may be sent once more, and where to: a decision without I/O.

A request is repeated by itself only if that does no harm (RFC 9110 9.2.2, RFC 9112 9.3.1): no byte of it was accepted;
or the connection ended before the first byte of a response, and the method is idempotent, or the caller says that a
second time does no harm. Everything else is for the routers' retry policy, which knows what the event is worth.
"""

from collections.abc import Collection, Sequence

from kubeless.delivery.transport.errors import ConnectionLost, TransportError
from kubeless.delivery.transport.request import Request
from kubeless.routing.endpoints import Endpoint


def next_endpoints(
    error: TransportError,
    request: Request,
    *,
    failed: Endpoint,
    endpoints: Sequence[Endpoint],
    tried: Collection[Endpoint],
) -> Sequence[Endpoint]:
    """
    Where the request may be tried next; empty if nowhere. `tried` holds every endpoint tried so far, `failed` included.
    """
    unanswered = isinstance(error, ConnectionLost) and error.unanswered
    stale = isinstance(error, ConnectionLost) and error.stale
    if not (error.unsent or (unanswered and request.replayable)):
        return ()
    others = [endpoint for endpoint in endpoints if endpoint not in tried]
    if others:
        return others
    # A stale connection says nothing about the endpoint: a new connection to it is as good as another endpoint.
    return (failed,) if stale else ()
