"""How much a client may make us hold, and for how long it may keep us waiting."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one server. Bytes, counts and seconds."""

    line_bytes: int = 16 * 1024
    """The request line; a longer one is answered 414."""

    field_bytes: int = 16 * 1024
    """One header line; a longer one is answered 431."""

    head_bytes: int = 64 * 1024
    """Request line and header lines together, or the trailers of a chunked body."""

    fields: int = 128
    """Header lines of one request."""

    buffer_bytes: int = 256 * 1024
    """Request body, or pipelined requests, held before we stop reading from the client."""

    connections: int = 16 * 1024
    """Open connections; a client beyond is answered 503 and let go."""

    head_timeout: float = 20.0
    """From the first byte of a head to its last, however the bytes trickle; also for a whole TLS handshake."""

    idle_timeout: float = 75.0
    """Between two requests, and before the first."""

    body_timeout: float = 60.0
    """Silence within a body. Bytes buy time at `body_rate`, so a body that trickles ends as well."""

    body_rate: int = 512
    """Bytes per second a client sends at least, once it has used up `body_timeout`."""

    write_timeout: float = 60.0
    """For a client to take something of an answer that waits for it."""

    linger: float = 2.0
    """After a refusal, what still comes is read and dropped this long, so that the client gets to see the answer."""
