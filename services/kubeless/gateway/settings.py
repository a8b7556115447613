"""What an operator can set on the gateway, by environment variables."""

from dataclasses import dataclass

from kubeless.core.settings import setting


@dataclass(frozen=True, slots=True)
class Settings:
    """Read once at start, see `kubeless.core.settings`."""

    host: str = setting("GATEWAY_HOST", default="0.0.0.0")
    """Address to listen on for events."""

    port: int = setting("GATEWAY_PORT", default=8080)
    """Port to listen on for events; 0 takes a free one."""

    admin_host: str = setting("GATEWAY_ADMIN_HOST", default="0.0.0.0")
    """Address of the admin port."""

    admin_port: int = setting("GATEWAY_ADMIN_PORT", default=8081)
    """Port of /healthz, /readyz and /metrics; 0 takes a free one."""

    namespace: str | None = setting("GATEWAY_NAMESPACE", default=None)
    """Serve the triggers of this namespace only. Default: of all."""

    routing_mode: str = setting("ROUTING_MODE", default="endpoints")
    """`endpoints`: call pods, balanced here. `service`: call the Service's name, balanced by the cluster."""

    direct_paths: bool = setting("GATEWAY_DIRECT_PATHS", default=False)
    """
    Also answer at /<namespace>/<function>[/rest] for every function, trigger or not. Meant for local use: it makes
    every function reachable for whoever reaches the gateway. Triggers win where both match.
    """

    connect_timeout: float = setting("GATEWAY_CONNECT_TIMEOUT", default=3.0)
    """Seconds for an endpoint to accept a connection."""

    acquire_timeout: float = setting("GATEWAY_ACQUIRE_TIMEOUT", default=5.0)
    """Seconds a request waits for a connection when an endpoint's are all busy."""

    max_body_bytes: int = setting("GATEWAY_MAX_BODY_BYTES", default=1024 * 1024 * 1024)
    """Largest request body where the trigger names no limit of its own. 0: no limit."""

    body_timeout: float = setting("GATEWAY_BODY_TIMEOUT", default=60.0)
    """Seconds a client may be silent while it sends a body."""

    keepalive_timeout: float = setting("GATEWAY_KEEPALIVE_TIMEOUT", default=75.0)
    """Seconds an idle client connection is kept."""

    drain_timeout: float = setting("GATEWAY_DRAIN_TIMEOUT", default=25.0)
    """Seconds given to requests in flight when the gateway stops; a pod's default grace period is 30."""

    access_log: bool = setting("GATEWAY_ACCESS_LOG", default=True)
    """Write one line per request."""
