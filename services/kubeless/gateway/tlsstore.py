"""
Which certificate answers which handshake.

The names are those of routes, found as routes are: the exact host, then the wildcard over it, then routes for every
host; of several routes the first in precedence. A name that no certificate is for is refused in the handshake
(RFC 6066, unrecognized_name): an answer under a wrong name would teach people to click warnings away. An operator who
wants an answer for every name sets a default certificate.

A Secret that changes counts from the next handshake on; connections that are there stay.
"""

import ssl
from collections.abc import Iterator

from kubeless.core.errors import KubelessError
from kubeless.gateway.certificate import Certificate, load_certificate, server_context
from kubeless.gateway.problem import Problem
from kubeless.gateway.route import Route, RouteKey
from kubeless.gateway.secretwatch import Secret
from kubeless.gateway.target import normalise_host
from kubeless.kube.cache import ObjectKey


class TlsStore:
    """Mutable; used from one event loop only."""

    def __init__(self, *, default: ObjectKey | None = None) -> None:
        """`default` is the Secret for names that no route has."""
        self._default = default
        self._certificates: dict[ObjectKey, Certificate | Problem] = {}
        self._claims: dict[str, list[Route]] = {}
        self._routes: dict[RouteKey, Route] = {}
        self.context = server_context()
        """Give this to the server; it stays the same for ever."""
        self.context.sni_callback = self._choose

    def __repr__(self) -> str:
        usable = sum(isinstance(entry, Certificate) for entry in self._certificates.values())
        return f"<TlsStore {usable} of {len(self._certificates)} certificates usable, {len(self._claims)} hosts>"

    def put(self, route: Route) -> None:
        """Let a route that names a Secret take part, or take part as it is now."""
        self.remove(route.key)
        self._routes[route.key] = route
        claims = self._claims.setdefault(route.host, [])
        claims.append(route)
        claims.sort(key=lambda claim: claim.precedence)

    def remove(self, key: RouteKey) -> None:
        """Forget a route, if it is there."""
        route = self._routes.pop(key, None)
        if route is not None:
            claims = self._claims[route.host]
            claims.remove(route)
            if not claims:
                del self._claims[route.host]

    def set_secret(self, key: ObjectKey, secret: Secret | Problem | None) -> None:
        """Load what is in a Secret now; None: nobody refers to it any more."""
        if secret is None:
            self._certificates.pop(key, None)
        else:
            self._certificates[key] = secret if isinstance(secret, Problem) else load_certificate(secret)

    def has(self, key: ObjectKey) -> bool:
        """Whether a Secret was told of."""
        return key in self._certificates

    def certificate(self, key: ObjectKey) -> Certificate | Problem:
        """What was made of a Secret."""
        return self._certificates.get(key, Problem("SecretNotRead", f"Secret {key} has not been read yet"))

    def find(self, host: str) -> Certificate | None:
        """The certificate for a normalised host; empty for a client that names none."""
        for claim in self._candidates(host):
            certificate = self._certificates.get(claim)
            if isinstance(certificate, Certificate):
                return certificate
        return None

    def _candidates(self, host: str) -> Iterator[ObjectKey]:
        for name in (host, f"*.{host.partition('.')[2]}", ""):
            for route in self._claims.get(name, ()):
                yield ObjectKey(route.namespace, route.tls_secret)
        if self._default is not None:
            yield self._default

    def _choose(self, connection: ssl.SSLObject | ssl.SSLSocket, name: str | None, _: ssl.SSLContext) -> int | None:
        """Called by OpenSSL within each handshake."""
        try:
            certificate = self.find(normalise_host(name or ""))
        except KubelessError:
            certificate = None
        if certificate is None:
            return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        connection.context = certificate.context
        return None
