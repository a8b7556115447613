"""What an operator can set on the portal, by environment variables."""

from dataclasses import dataclass

from kubeless.core.settings import setting

SIGN_IN_WAYS = ("token", "proxy", "none")


@dataclass(frozen=True, slots=True)
class Settings:
    """Read once at start, see `kubeless.core.settings`."""

    host: str = setting("PORTAL_HOST", default="0.0.0.0")
    """Address that browsers connect to."""

    port: int = setting("PORTAL_PORT", default=8081)
    """Its port; 0 takes a free one."""

    socket: int | None = setting("PORTAL_SOCKET", default=None)
    """File descriptor of a socket that listens already; host and port then only name it."""

    sign_in: str = setting("PORTAL_SIGN_IN", default="token")
    """
    `token`: people sign in with a bearer token of the cluster. `proxy`: a proxy in front says who they are. `none`:
    everybody has this process's own account; for 127.0.0.1 only.
    """

    origins: tuple[str, ...] = setting("PORTAL_ORIGINS", default=())
    """Where browsers find the portal, as `https://portal.example.com`. Default: the host that a request names."""

    trusted_proxies: tuple[str, ...] = setting("PORTAL_TRUSTED_PROXIES", default=())
    """Addresses or networks, as 10.0.0.0/8, whose headers about the user are believed."""

    user_header: str = setting("PORTAL_USER_HEADER", default="X-Forwarded-User")
    """Header in which the proxy names the user."""

    groups_header: str = setting("PORTAL_GROUPS_HEADER", default="X-Forwarded-Groups")
    """Header in which the proxy names the user's groups, separated by commas."""

    secure_cookies: bool = setting("PORTAL_SECURE_COOKIES", default=True)
    """Whether the session's cookie is for HTTPS only; browsers take localhost for it."""

    idle_timeout: float = setting("PORTAL_IDLE_TIMEOUT", default=1800.0, at_least=1)
    """Seconds without a click or a key after which a session ends."""

    session_lifetime: float = setting("PORTAL_SESSION_LIFETIME", default=43_200.0, at_least=1)
    """Seconds after which a session ends in any case."""

    namespaces: tuple[str, ...] = setting("PORTAL_NAMESPACES", default=())
    """Namespaces to offer people who may not list them. Default: the one of the account."""

    kubeless_namespace: str = setting("KUBELESS_NAMESPACE", default="kubeless")
    """Where the other services are."""

    admin_host: str = setting("ADMIN_HOST", default="0.0.0.0")
    """Address of the admin port."""

    admin_port: int = setting("ADMIN_PORT", default=8094)
    """Port of /healthz, /readyz and /metrics; 0 takes a free one."""

    drain_timeout: float = setting("PORTAL_DRAIN_TIMEOUT", default=5.0)
    """Seconds given to requests in flight when the service stops."""
