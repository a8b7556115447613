"""
What the Secrets of routes give: certificates and users, ready for use.

Each change of a route or a Secret is applied at once. A Secret that many routes share is read once, and only for what
routes use it for: a file of users is not tried as a certificate.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from kubeless.gateway.certificate import Certificate
from kubeless.gateway.htpasswd import Htpasswd, read_htpasswd
from kubeless.gateway.problem import Problem
from kubeless.gateway.route import Route, RouteKey
from kubeless.gateway.secretwatch import Secret, SecretWatch
from kubeless.gateway.tlsstore import TlsStore
from kubeless.kube.cache import ObjectKey


@dataclass(slots=True)
class _Use:
    """Who uses a Secret, and what was made of it for them."""

    by_tls: set[RouteKey] = field(default_factory=set)
    by_auth: set[RouteKey] = field(default_factory=set)
    users: Htpasswd | Problem | None = None


class Protection:
    """Mutable; used from one event loop only."""

    def __init__(self, secrets: SecretWatch, *, default_certificate: ObjectKey | None = None) -> None:
        """`default_certificate` is the Secret for names that no route has."""
        self.tls = TlsStore(default=default_certificate)
        self._secrets = secrets
        self._routes: dict[RouteKey, Route] = {}
        self._uses: dict[ObjectKey, _Use] = {}
        self._listeners: list[Callable[[RouteKey], None]] = []
        secrets.subscribe(self._secret_changed)
        if default_certificate is not None:
            operator = (default_certificate.namespace, "")  # no trigger has an empty name
            secrets.want(operator, frozenset({default_certificate.name}))
            self._uses[default_certificate] = _Use(by_tls={operator})

    def subscribe(self, listener: Callable[[RouteKey], None]) -> None:
        """Call `listener` with the key of each route whose Secrets have changed."""
        self._listeners.append(listener)

    def put(self, route: Route) -> None:
        """A route is new or has changed."""
        before = self._routes.pop(route.key, None)
        if before is None and not route.secrets:
            return
        if route.secrets:
            self._routes[route.key] = route
        self._apply(route.key, before, route)

    def remove(self, key: RouteKey) -> None:
        """A route is gone."""
        before = self._routes.pop(key, None)
        if before is not None:
            self._apply(key, before, None)

    def users(self, route: Route) -> Htpasswd | Problem:
        """Who is let in, of a route that asks for it; everything but an Htpasswd means nobody."""
        key = ObjectKey(route.namespace, route.auth_secret)
        use = self._uses.get(key)
        if use is None or use.users is None:
            return Problem("SecretNotRead", f"Secret {key} has not been read yet")
        return use.users

    def tls_problem(self, route: Route, now: datetime | None = None) -> Problem | None:
        """What is the matter with the certificate of a route that asks for one."""
        certificate = self.tls.certificate(ObjectKey(route.namespace, route.tls_secret))
        if isinstance(certificate, Certificate):
            return certificate.problem(now or datetime.now(tz=UTC))
        return certificate

    def _apply(self, key: RouteKey, before: Route | None, route: Route | None) -> None:
        self.tls.remove(key)
        if route is not None and route.tls_secret:
            self.tls.put(route)
        self._secrets.want(key, frozenset() if route is None else route.secrets)
        old = frozenset[str]() if before is None else before.secrets
        new = frozenset[str]() if route is None else route.secrets
        for name in old:
            self._drop(ObjectKey(key[0], name), key)
        if route is not None and route.tls_secret:
            self._use(ObjectKey(key[0], route.tls_secret)).by_tls.add(key)
        if route is not None and route.auth_secret:
            self._use(ObjectKey(key[0], route.auth_secret)).by_auth.add(key)
        for name in old | new:
            self._read_if_new(ObjectKey(key[0], name))

    def _use(self, secret: ObjectKey) -> _Use:
        return self._uses.setdefault(secret, _Use())

    def _drop(self, secret: ObjectKey, key: RouteKey) -> None:
        use = self._use(secret)
        use.by_tls.discard(key)
        use.by_auth.discard(key)

    def _read_if_new(self, secret: ObjectKey) -> None:
        """After a change of routes: read what nobody needed before, forget what nobody needs any more."""
        use = self._use(secret)
        if not use.by_tls:
            self.tls.set_secret(secret, None)
        elif not self.tls.has(secret):
            self.tls.set_secret(secret, self._secrets.get(secret))
        if not use.by_auth:
            use.users = None
        elif use.users is None:
            use.users = _users(self._secrets.get(secret))
        if not use.by_tls and not use.by_auth:
            del self._uses[secret]

    def _secret_changed(self, secret: ObjectKey) -> None:
        use = self._uses.get(secret)
        if use is None:
            return
        content = self._secrets.get(secret)
        if use.by_tls:
            self.tls.set_secret(secret, content)
        if use.by_auth:
            use.users = _users(content)
        for key in use.by_tls | use.by_auth:
            for listener in self._listeners:
                listener(key)


def _users(content: Secret | Problem) -> Htpasswd | Problem:
    return content if isinstance(content, Problem) else read_htpasswd(content)
