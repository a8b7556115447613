"""How long an exchange may take, see `watch` for who sees to it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Limits in seconds; None means no limit."""

    connect: float | None = 3.0
    """For one connection to be accepted."""

    acquire: float | None = 5.0
    """For a connection to become free when the endpoint's pool is at its bound."""

    read: float | None = 60.0
    """
    Between two signs of life of the endpoint: bytes that come from it, or bytes of ours that it takes. Time the caller
    takes, to read the response or to produce the request body, does not count.
    """

    expect: float = 1.0
    """For the answer to `Expect: 100-continue`; then the body is sent unasked (RFC 9110 10.1.1)."""

    total: float | None = None
    """From the call of `send` to the last byte of the response, further attempts included."""


DEFAULT = Timeouts()


def earliest(first: float | None, second: float | None) -> float | None:
    """The earlier of two loop times, None being never."""
    if first is None:
        return second
    return first if second is None or first <= second else second
