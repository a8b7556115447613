"""Cross-origin requests on routes with `cors-enable`: any origin, without credentials, as the nginx annotation did."""

from kubeless.delivery.transport.request import Headers
from kubeless.gateway.headers import Pairs, values
from kubeless.gateway.incoming import Incoming
from kubeless.gateway.route import Route

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})
_MAX_AGE = b"86400"


def is_preflight(incoming: Incoming) -> bool:
    """Whether a browser asks what it may send (Fetch standard, CORS-preflight request)."""
    return incoming.method == "OPTIONS" and bool(
        values(incoming.headers, b"origin") and values(incoming.headers, b"access-control-request-method")
    )


def preflight_headers(route: Route, asked: Headers) -> Pairs:
    """The answer to a preflight: what the route lets through."""
    methods = ", ".join(sorted(route.methods or _METHODS)).encode("ascii")
    headers = [
        (b"Access-Control-Allow-Origin", b"*"),
        (b"Access-Control-Allow-Methods", methods),
        (b"Access-Control-Max-Age", _MAX_AGE),
    ]
    wanted = values(asked, b"access-control-request-headers")
    if wanted:
        headers.append((b"Access-Control-Allow-Headers", b", ".join(wanted)))
    return headers
