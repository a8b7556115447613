"""
Which requests a route lets through, decided from the head alone.
"""

from kubeless.gateway.headers import values
from kubeless.gateway.incoming import Incoming
from kubeless.gateway.refusal import RETRY_SOON, Refusal
from kubeless.gateway.route import Route
from kubeless.gateway.target import BadTarget, Target, normalise_host, parse_target

_NEVER_FORWARDED = frozenset({"CONNECT", "TRACE"})


def read_target(incoming: Incoming) -> tuple[Target, bytes, str]:
    """
    Target, host as sent, and host to look up.

    Raises Refusal (400) for what no two readers need understand alike: odd targets, no or several Host headers.
    """
    try:
        target = parse_target(incoming.target)
        host = _host(incoming, target)
        return target, host, normalise_host(host.decode("latin-1"))
    except BadTarget as error:
        raise Refusal(400, "bad_request", str(error), close=True) from error


def admit(incoming: Incoming, route: Route) -> None:
    """Raises Refusal if `route` does not take this request."""
    if route.unsupported:
        raise Refusal(
            501,
            "unsupported",
            f"the route asks for {route.unsupported}, which this gateway cannot do yet, so it is not served at all",
        )
    if route.suspended:
        raise Refusal(503, "suspended", "the route is suspended", headers=RETRY_SOON)
    if incoming.method in _NEVER_FORWARDED or (route.methods and incoming.method not in route.methods):
        allowed = ", ".join(sorted(route.methods)).encode("ascii")
        message = f"the route does not take {incoming.method[:20]}"
        raise Refusal(405, "method_not_allowed", message, headers=((b"Allow", allowed),))
    upgrades = b",".join(values(incoming.headers, b"upgrade")).lower().split(b",")
    if b"websocket" in (upgrade.strip() for upgrade in upgrades):
        raise Refusal(501, "unsupported", "this gateway cannot upgrade to WebSocket yet", close=True)


def _host(incoming: Incoming, target: Target) -> bytes:
    hosts = values(incoming.headers, b"host")
    if len(hosts) > 1 or (not hosts and incoming.needs_host):
        raise BadTarget(f"a request has exactly one Host header, got {len(hosts)}")
    if target.authority is not None:
        return target.authority.encode("ascii")
    return hosts[0] if hosts else b""
