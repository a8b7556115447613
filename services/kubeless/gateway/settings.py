"""What an operator can set on the gateway, by environment variables."""

from dataclasses import dataclass

from kubeless.core.settings import setting
from kubeless.gateway.http.limits import Limits

_CLIENTS = Limits()


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

    workers: int = setting("GATEWAY_WORKERS", default=1, at_least=1)
    """Processes that share the ports; 1 serves in the process that was started."""

    admin_host: str = setting("GATEWAY_ADMIN_HOST", default="0.0.0.0")
    """Address of the admin port."""

    admin_port: int = setting("GATEWAY_ADMIN_PORT", default=8081)
    """Port of /healthz, /readyz and /metrics; 0 takes a free one."""

    namespaces: tuple[str, ...] = setting("GATEWAY_NAMESPACE", default=())
    """Serve the triggers of these namespaces only. Default: of all."""

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

    max_connections: int = setting("GATEWAY_MAX_CONNECTIONS", default=_CLIENTS.connections, at_least=1)
    """Open client connections of one port and process; one more is answered with 503 and closed."""

    max_line_bytes: int = setting("GATEWAY_MAX_LINE_BYTES", default=_CLIENTS.line_bytes, at_least=1)
    """Longest request line; a longer one is answered with 414."""

    max_field_bytes: int = setting("GATEWAY_MAX_FIELD_BYTES", default=_CLIENTS.field_bytes, at_least=1)
    """Longest header line; a longer one is answered with 431."""

    max_fields: int = setting("GATEWAY_MAX_FIELDS", default=_CLIENTS.fields, at_least=1)
    """Header lines of one request; more are answered with 431."""

    max_head_bytes: int = setting("GATEWAY_MAX_HEAD_BYTES", default=_CLIENTS.head_bytes, at_least=1)
    """Request line and header lines together, or the trailers of a chunked body."""

    buffer_bytes: int = setting("GATEWAY_BUFFER_BYTES", default=_CLIENTS.buffer_bytes, at_least=1)
    """What is held of one client's body or pipelined requests; the rest waits with the client."""

    head_timeout: float = setting("GATEWAY_HEAD_TIMEOUT", default=_CLIENTS.head_timeout, at_least=0.1)
    """Seconds from the first byte of a head to its last."""

    keepalive_timeout: float = setting("GATEWAY_KEEPALIVE_TIMEOUT", default=_CLIENTS.idle_timeout, at_least=0.1)
    """Seconds an idle client connection is kept."""

    body_timeout: float = setting("GATEWAY_BODY_TIMEOUT", default=_CLIENTS.body_timeout, at_least=0.1)
    """Seconds a client may be silent while it sends a body."""

    body_rate: int = setting("GATEWAY_BODY_RATE", default=_CLIENTS.body_rate, at_least=1)
    """Bytes per second that a client sends at least once it has used up the body timeout."""

    write_timeout: float = setting("GATEWAY_WRITE_TIMEOUT", default=_CLIENTS.write_timeout, at_least=0.1)
    """Seconds for a client to take something of an answer that waits for it."""

    linger_timeout: float = setting("GATEWAY_LINGER_TIMEOUT", default=_CLIENTS.linger)
    """Seconds that what a refused client still sends is read and dropped, so that it gets to see the answer."""

    drain_timeout: float = setting("GATEWAY_DRAIN_TIMEOUT", default=25.0)
    """Seconds given to requests in flight when the gateway stops; a pod's default grace period is 30."""

    access_log: bool = setting("GATEWAY_ACCESS_LOG", default=True)
    """Write one line per request."""

    access_log_sample: float = setting("GATEWAY_ACCESS_LOG_SAMPLE", default=1.0)
    """Share of the answered requests that get a line, from 0 to 1. Those that did not go well always get one."""

    otlp_endpoint: str = setting("OTEL_EXPORTER_OTLP_ENDPOINT", default="")
    """Collector of spans (OTLP over HTTP), such as http://collector:4318; needs the extra `tracing`. Empty: none."""

    kubeless_namespace: str = setting("KUBELESS_NAMESPACE", default="kubeless")
    """Namespace of the Lease."""

    leader_election: bool = setting("LEADER_ELECTION", default=True)
    """Compete for the Lease, so that one of several replicas writes the statuses of triggers; off: always write."""

    identity: str = setting("HOSTNAME", default="gateway")
    """Name of this replica in the Lease. In a pod, its name."""

    status_interval: float = setting("GATEWAY_STATUS_INTERVAL", default=300.0)
    """Seconds between two looks at what time alone changes, such as a certificate that expires."""


def client_limits(settings: Settings) -> Limits:
    """What a client may do, as the server wants to know it."""
    return Limits(
        line_bytes=settings.max_line_bytes,
        field_bytes=settings.max_field_bytes,
        head_bytes=settings.max_head_bytes,
        fields=settings.max_fields,
        buffer_bytes=settings.buffer_bytes,
        connections=settings.max_connections,
        head_timeout=settings.head_timeout,
        idle_timeout=settings.keepalive_timeout,
        body_timeout=settings.body_timeout,
        body_rate=settings.body_rate,
        write_timeout=settings.write_timeout,
        linger=settings.linger_timeout,
    )
