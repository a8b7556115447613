"""
What can go wrong between us and an endpoint, in our own words.

`retriable` says whether a later attempt may succeed: the routers' retry policy asks only that. `unsent` is narrower:
the endpoint cannot have seen a byte of the request, so the transport itself may repeat it at once, whatever the method.
"""

from typing import ClassVar

from kubeless.core.errors import InvalidInput, KubelessError


class InvalidRequest(InvalidInput):
    """The request cannot be written as one unambiguous HTTP/1.1 message, so nothing was sent."""


class TransportError(KubelessError):
    """The endpoint did not answer."""

    retriable = True
    unsent: bool = False
    """Whether the endpoint cannot have seen a byte of the request."""

    kind: ClassVar[str] = "other"
    """A short constant name for metrics."""


class NoEndpoints(TransportError):
    """There is no endpoint to send the request to."""

    unsent = True
    kind = "no_endpoints"


class ConnectFailed(TransportError):
    """The endpoint refused the connection, or its name could not be resolved."""

    unsent = True
    kind = "connect_failed"


class ConnectTimeout(TransportError):
    """The endpoint did not accept the connection in time."""

    unsent = True
    kind = "connect_timeout"


class PoolExhausted(TransportError):
    """All connections to the endpoint are busy, and none became free in time."""

    unsent = True
    kind = "pool_exhausted"


class ReadTimeout(TransportError):
    """The endpoint was silent, or did not take our bytes, for too long."""

    kind = "read_timeout"


class TotalTimeout(TransportError):
    """The exchange took longer than it may in total."""

    kind = "total_timeout"


class ConnectionLost(TransportError):
    """
    The endpoint closed the connection before its response was complete.

    `unanswered`: not a byte of the response had arrived. `stale` marks the keep-alive race of RFC 9112 9.3.1: that, on
    a connection that had served before.
    """

    kind = "connection_lost"

    def __init__(
        self, message: str | None = None, *, stale: bool = False, unsent: bool = False, unanswered: bool = False
    ) -> None:
        super().__init__(message)
        self.stale = stale
        self.unsent = unsent
        self.unanswered = unanswered or stale


class BadResponse(TransportError):
    """The endpoint sent bytes that are not one unambiguous HTTP/1.1 response."""

    kind = "bad_response"


class ResponseTooLarge(TransportError):
    """The response body is larger than the caller wants to hold in memory."""

    retriable = False
    kind = "response_too_large"


class ResponseClosed(TransportError):
    """The response was closed before its body was read."""

    retriable = False
    kind = "response_closed"


class TransportClosed(TransportError):
    """The transport is draining or closed and takes no more requests."""

    unsent = True
    kind = "transport_closed"
