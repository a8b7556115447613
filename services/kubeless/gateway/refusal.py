"""
Requests the gateway answers itself, and how it says why.

The body is a short JSON object that names the route, the function and the request, so that a person with nothing but
the answer knows whom to ask and a person with the logs finds the line.
"""

import orjson

from kubeless.core.errors import KubelessError
from kubeless.delivery.transport.errors import (
    BadResponse,
    ConnectTimeout,
    NoEndpoints,
    PoolExhausted,
    ReadTimeout,
    TotalTimeout,
    TransportClosed,
    TransportError,
)
from kubeless.delivery.transport.request import Headers


class Refusal(KubelessError):
    """The gateway answers instead of a function."""

    def __init__(self, status: int, outcome: str, message: str, *, headers: Headers = (), close: bool = False) -> None:
        """`outcome` is the constant name that metrics count. `close`: the client's connection cannot be used again."""
        super().__init__(message)
        self.status = status
        self.outcome = outcome
        self.headers = headers
        self.close = close


RETRY_SOON = ((b"Retry-After", b"1"),)

# From the more special to the more general; anything else that goes wrong with an endpoint is a bad gateway.
_ANSWERS: tuple[tuple[type[TransportError], int, str], ...] = (
    (NoEndpoints, 503, "no_endpoints"),
    (PoolExhausted, 503, "overloaded"),
    (TransportClosed, 503, "stopping"),
    (ConnectTimeout, 504, "timeout"),
    (ReadTimeout, 504, "timeout"),
    (TotalTimeout, 504, "timeout"),
    (BadResponse, 502, "bad_response"),
)


def from_transport(error: TransportError) -> Refusal:
    """The answer to a request that no endpoint answered."""
    for kind, status, outcome in _ANSWERS:
        if isinstance(error, kind):
            return Refusal(status, outcome, str(error), headers=RETRY_SOON if status == 503 else ())
    return Refusal(502, "connection_error", str(error))


def body(refusal: Refusal, *, route: str, function: str, request_id: str) -> bytes:
    """The JSON object a client reads; `route` and `function` are `namespace/name`, or empty if none was found."""
    answer = {"error": str(refusal), "route": route, "function": function, "requestId": request_id}
    return orjson.dumps(answer) + b"\n"
