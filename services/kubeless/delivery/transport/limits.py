"""How much an endpoint may make us hold."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one transport. Bytes, counts and seconds."""

    max_connections: int = 512
    """Open connections per endpoint."""

    max_idle: int = 128
    """Idle connections kept per endpoint."""

    max_waiting: int = 4096
    """Requests waiting for a connection per endpoint; one more is refused at once."""

    idle_expiry: float = 4.0
    """
    Seconds an idle connection is kept: less than the 5 s after which the servers of common runtimes close it, so that
    we, not they, end it, and no request is written into a closing connection.
    """

    max_head_bytes: int = 64 * 1024
    """Status line and headers of one response, or trailers."""

    max_headers: int = 256
    """Header lines of one response."""

    buffer_bytes: int = 256 * 1024
    """Response body held for a slow reader before we stop reading from the endpoint."""

    max_attempts: int = 3
    """Times a request is tried, each failure but the last having been safe to repeat."""
