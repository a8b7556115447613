"""
The express way through a transport: bytes out, and the whole response back by one call.

For a caller that has made the whole request itself, head included, and hopes for a response with a known head (see
`heads`): then neither a `Request` nor a `Response` is made, no task is woken, and the connection is idle again before
the caller hears of it. Whatever else happens turns the exchange into an ordinary one.
"""

from typing import Protocol

from kubeless.delivery.transport.heads import Known
from kubeless.delivery.transport.response import Response


class Caller(Protocol):
    """Whoever sent the request. Exactly one of the two is called, once, unless the caller abandons the exchange."""

    def came(self, known: Known, body: bytes) -> None:
        """The whole response."""

    def turned(self, response: Response) -> None:
        """The response comes in some other way, or fails: it holds nothing yet. Whoever gets it must close it."""
