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

    tls_port: int = setting("GATEWAY_TLS_PORT", default=8443)
    """Port to listen on for events by TLS; 0 takes a free one."""

    tls_public_port: int | None = setting("GATEWAY_TLS_PUBLIC_PORT", default=None)
    """Port that clients see of it, for redirects. Default: the port that is listened on."""

    tls_default_secret: str | None = setting("GATEWAY_TLS_DEFAULT_SECRET", default=None)
    """`<namespace>/<name>` of the Secret for host names that no route has. Default: their handshakes are refused."""

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

    max_in_flight_per_route: int = setting("GATEWAY_MAX_IN_FLIGHT_PER_ROUTE", default=1024)
    """Requests of one route that are under way at a time, in this process. 0: no limit."""

    max_queued_per_route: int = setting("GATEWAY_MAX_QUEUED_PER_ROUTE", default=128)
    """Requests of one route that wait for their turn beyond that; the next ones are answered with 503."""

    queue_timeout: float = setting("GATEWAY_QUEUE_TIMEOUT", default=1.0)
    """Seconds a request waits for its turn before it is answered with 503."""

    body_timeout: float = setting("GATEWAY_BODY_TIMEOUT", default=60.0)
    """Seconds a client may be silent while it sends a body."""

    keepalive_timeout: float = setting("GATEWAY_KEEPALIVE_TIMEOUT", default=75.0)
    """Seconds an idle client connection is kept."""

    drain_timeout: float = setting("GATEWAY_DRAIN_TIMEOUT", default=25.0)
    """Seconds given to requests in flight when the gateway stops; a pod's default grace period is 30."""

    access_log: bool = setting("GATEWAY_ACCESS_LOG", default=True)
    """Write one line per request."""

    access_log_sample: float = setting("GATEWAY_ACCESS_LOG_SAMPLE", default=1.0)
    """Share of the answered requests that get a line, from 0 to 1. Those that did not go well always get one."""

    kubeless_namespace: str = setting("KUBELESS_NAMESPACE", default="kubeless")
    """Namespace of the Lease."""

    leader_election: bool = setting("LEADER_ELECTION", default=True)
    """Compete for the Lease, so that one of several replicas writes the statuses of triggers; off: always write."""

    identity: str = setting("HOSTNAME", default="gateway")
    """Name of this replica in the Lease. In a pod, its name."""

    status_interval: float = setting("GATEWAY_STATUS_INTERVAL", default=300.0)
    """Seconds between two looks at what time alone changes, such as a certificate that expires."""
