"""
Which requests a route lets through, decided from the head alone.

The order is that of harm: no password is asked for where others can listen, and nobody who is not let in takes a place.
"""

from typing import NoReturn

from kubeless.gateway.basicauth import PasswordCheck
from kubeless.gateway.headers import values
from kubeless.gateway.htpasswd import Htpasswd
from kubeless.gateway.incoming import Incoming
from kubeless.gateway.limits import RouteLimits
from kubeless.gateway.problem import Problem
from kubeless.gateway.protection import Protection
from kubeless.gateway.refusal import RETRY_SOON, Refusal
from kubeless.gateway.route import Route
from kubeless.gateway.target import BadTarget, Target, normalise_host, parse_target

HTTPS_PORT = 443
"""What a URL means that names none."""

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


class Admission:
    """Lets requests in, and counts those that are in."""

    def __init__(self, protection: Protection, passwords: PasswordCheck, limits: RouteLimits) -> None:
        self._protection = protection
        self._passwords = passwords
        self._limits = limits
        self.tls_port = HTTPS_PORT
        """Where clients reach the gateway by TLS; set once it is known."""

    def try_enter(self, incoming: Incoming, route: Route, *, host: bytes, target: Target) -> bool:
        """
        Let a request in if nothing has to be waited for; whoever was let in must `leave`.

        Raises Refusal: 308 to TLS, 405, or 503 for a route that is suspended or lacks what protects it.
        """
        if route.tls_secret and incoming.scheme != "https":
            self._send_to_tls(route, host, target)
        admit(incoming, route)
        if route.auth_secret and not self._passwords.remembers(self._users(route), incoming.headers):
            return False
        return self._limits.try_enter(route.key)

    async def enter(self, incoming: Incoming, route: Route, *, host: bytes, target: Target) -> None:
        """
        Let a request in, after a while if need be; whoever was let in must `leave`.

        Raises Refusal as `try_enter` does, 401 for credentials that are missing or wrong, 503 for a route that is full.
        """
        if self.try_enter(incoming, route, host=host, target=target):
            return
        if route.auth_secret:
            await self._passwords.check(self._users(route), incoming.headers, realm=route.label)
        await self._limits.enter(route.key)

    def lets_all_in(self, incoming: Incoming, route: Route) -> bool:
        """Whether requests with this head are let in as long as there is a place, whoever sends them."""
        if route.auth_secret or (route.tls_secret and incoming.scheme != "https"):
            return False
        try:
            admit(incoming, route)
        except Refusal:
            return False
        return True

    def take_place(self, route: Route) -> bool:
        """Let in a request of which `lets_all_in` is known, if there is a place; whoever was let in must `leave`."""
        return self._limits.try_enter(route.key)

    def leave(self, route: Route) -> None:
        """The request is answered."""
        self._limits.leave(route.key)

    def _users(self, route: Route) -> Htpasswd:
        users = self._protection.users(route)
        if isinstance(users, Problem):
            raise _unprotected(users)
        return users

    def _send_to_tls(self, route: Route, host: bytes, target: Target) -> NoReturn:
        name = normalise_host(host.decode("latin-1"))
        problem = self._protection.tls_problem(route)
        if problem is not None and self._protection.tls.find(name) is None:
            raise _unprotected(problem)
        port = "" if self.tls_port == HTTPS_PORT else f":{self.tls_port}"
        location = f"https://{name}{port}{target.raw_path}{target.query}".encode("ascii")
        raise Refusal(308, "https_required", "the route is served by TLS only", headers=((b"Location", location),))


def admit(incoming: Incoming, route: Route) -> None:
    """Raises Refusal if `route` does not take this kind of request."""
    if route.suspended:
        raise Refusal(503, "suspended", "the route is suspended", headers=RETRY_SOON)
    if incoming.method in _NEVER_FORWARDED or (route.methods and incoming.method not in route.methods):
        allowed = ", ".join(sorted(route.methods)).encode("ascii")
        message = f"the route does not take {incoming.method[:20]}"
        raise Refusal(405, "method_not_allowed", message, headers=((b"Allow", allowed),))


def _unprotected(problem: Problem) -> Refusal:
    """A route whose protection is not there is closed. Clients read why; what the Secret holds is not told."""
    return Refusal(503, "protection_missing", f"{problem.reason}: {problem.message}", headers=RETRY_SOON)


def _host(incoming: Incoming, target: Target) -> bytes:
    hosts = values(incoming.headers, b"host")
    if len(hosts) > 1 or (not hosts and incoming.needs_host):
        raise BadTarget(f"a request has exactly one Host header, got {len(hosts)}")
    if target.authority is not None:
        return target.authority.encode("ascii")
    return hosts[0] if hosts else b""
