"""
What an HTTPTrigger means to the gateway.

A trigger that asks for protection (basic auth, TLS) keeps its place whether that can be given or not: leaving it out
would hand its requests to a broader route, and serving it without would open what its owner meant to be closed.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from kubeless.api.httptrigger import HTTPTrigger
from kubeless.api.selector import LabelSelector
from kubeless.core.errors import InvalidField
from kubeless.gateway.target import BadTarget, normalise_host, parse_target

RouteKey = tuple[str, str]
"""Namespace and name of the trigger."""

_BEFORE_ALL = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Route:
    """Requests for a host and a path prefix, and the functions that answer them."""

    key: RouteKey
    host: str
    """Lower case; `*.` in front takes exactly one further label; empty takes every host."""
    prefix: str
    """Leading slash, no trailing one; empty takes every path."""
    namespace: str
    function: str
    """Name of the function; empty if `selector` chooses."""
    selector: LabelSelector | None = None
    methods: frozenset[str] = frozenset()
    """Methods let through; empty is all."""
    timeout: float | None = None
    """Seconds; None: the function's own."""
    max_body_bytes: int | None = None
    cors: bool = False
    suspended: bool = False
    tls_secret: str = ""
    """The Secret with the certificate; empty: none is asked for."""
    auth_secret: str = ""
    """The Secret with the htpasswd lines; empty: whoever asks is let in."""
    created: datetime = _BEFORE_ALL

    @property
    def depth(self) -> int:
        """Number of segments of the prefix."""
        return self.prefix.count("/")

    @property
    def secrets(self) -> frozenset[str]:
        """The Secrets it refers to, by name."""
        return frozenset(name for name in (self.tls_secret, self.auth_secret) if name)

    @property
    def label(self) -> str:
        """The route in logs, metrics and answers."""
        return "/".join(self.key)

    @property
    def precedence(self) -> tuple[bool, datetime, RouteKey]:
        """Among routes with the same host and prefix the smallest wins: active before suspended, then the oldest."""
        return self.suspended, self.created, self.key


def make_route(trigger: HTTPTrigger) -> Route:
    """
    The route a trigger asks for.

    Raises InvalidField for a host or a path that no request could have.
    """
    meta, spec = trigger.metadata, trigger.spec
    return Route(
        key=(meta.namespace, meta.name),
        host=_host(spec.host_name),
        prefix=_prefix(spec.path),
        namespace=meta.namespace,
        function=spec.function_name,
        selector=spec.function_selector,
        methods=frozenset(spec.methods),
        timeout=spec.timeout,
        max_body_bytes=spec.max_body_bytes,
        cors=spec.cors_enable,
        suspended=spec.suspend,
        # With tls: true somebody else, such as cert-manager, puts the certificate where the Go controller had it put.
        tls_secret=f"{meta.name}-tls" if spec.tls else spec.tls_secret,
        auth_secret=spec.basic_auth_secret,
        created=meta.created or _BEFORE_ALL,
    )


def _host(host: str) -> str:
    wildcard, name = ("*.", host[2:]) if host.startswith("*.") else ("", host)
    try:
        normal = normalise_host(name)
    except BadTarget:
        normal = ""
    if host and (not normal or ":" in host):
        raise InvalidField(
            "spec.host-name",
            host,
            problem="is no host name",
            remedy="use a name such as echo.example.com or *.example.com, without a port",
        )
    return wildcard + normal


def _prefix(path: str) -> str:
    trimmed = path.strip("/")
    if not trimmed:
        return ""
    try:
        # A question mark would begin a query; escaped, it is an ordinary character of a path.
        return parse_target(f"/{trimmed}".replace("?", "%3F").encode()).path
    except BadTarget as error:
        raise InvalidField(
            "spec.path", path, problem=str(error), remedy="use segments of unreserved or escaped characters"
        ) from error
