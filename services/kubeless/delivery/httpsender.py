"""
One attempt over HTTP: choose an endpoint, send the event, read the answer.

An attempt succeeds only once the whole response is there: a function that dies while it answers has not finished. The
beginning of the body is kept, for sources that reply and for the error on a dead letter; the rest is read and
forgotten, up to a bound at which the connection is closed, for what a function says after that is of no use to anybody.
"""

import time
from collections.abc import Callable
from functools import lru_cache

from kubeless.core.event import Event
from kubeless.delivery.binding import event_headers
from kubeless.delivery.outcome import MAX_ERROR, Answer
from kubeless.delivery.retryafter import retry_after
from kubeless.delivery.transport.errors import (
    InvalidRequest,
    NoEndpoints,
    PoolExhausted,
    TransportClosed,
    TransportError,
)
from kubeless.delivery.transport.request import Request
from kubeless.delivery.transport.response import Response
from kubeless.delivery.transport.timeouts import Timeouts
from kubeless.delivery.transport.transport import Transport
from kubeless.kube.cache import ObjectKey
from kubeless.routing.endpoints import Endpoint

KEEP_BYTES = 64 * 1024
"""Of a response's body, kept by default."""
READ_BYTES = 2**20
"""Of a response's body, read beyond what is kept, to use the connection again."""

Endpoints = Callable[[str, str], tuple[Endpoint, ...]]
"""As `RoutingTable.endpoints`: where a function, by namespace and name, can be called now."""

_OURS = (NoEndpoints, PoolExhausted, TransportClosed)
"""Failures that the function has no part in."""


class HttpSender:
    """A Sender. One for all triggers and functions of a service."""

    def __init__(
        self,
        transport: Transport,
        endpoints: Endpoints,
        *,
        user_agent: str,
        keep_bytes: int = KEEP_BYTES,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """`user_agent` is such as `kubeless-kafka-trigger-controller/<version>`; `keep_bytes` of a body are kept."""
        self._transport = transport
        self._endpoints = endpoints
        self._user_agent = user_agent.encode("ascii")
        self._keep_bytes = keep_bytes
        self._wall = wall

    async def send(self, event: Event, function: ObjectKey, timeout: float) -> Answer:
        """See `Sender`. A function that is gone is one without endpoints: it may be on its way back (a redeploy)."""
        endpoints = self._endpoints(function.namespace, function.name)
        if not endpoints:
            return Answer(None, f"function {function} has no ready endpoint", sent=False)
        # Attempts are the engine's to count: the transport must not repeat a GET by itself.
        request = Request(event.method, b"/", event_headers(event, self._user_agent), event.data, repeatable=False)
        try:
            response = await self._transport.send(request, endpoints, _timeouts(timeout))
            body = await self._read(response)
        except InvalidRequest as error:
            return Answer(None, str(error), hopeless=True)
        except TransportError as error:
            return Answer(None, str(error)[:MAX_ERROR], sent=not isinstance(error, _OURS))
        status = response.status
        if 200 <= status < 300:
            return Answer(status, headers=tuple(response.headers), body=body)
        return Answer(
            status,
            _complaint(status, body),
            retry_after(response.headers, now=self._wall()),
            headers=tuple(response.headers),
            body=body,
        )

    async def _read(self, response: Response) -> bytes:
        if response.complete:
            return response.take()[: self._keep_bytes]
        kept: list[bytes] = []
        size = 0
        async with response:
            async for piece in response:
                if size < self._keep_bytes:
                    kept.append(piece[: self._keep_bytes - size])
                size += len(piece)
                if size > self._keep_bytes + READ_BYTES:
                    break  # leaving the response closes it
        return kept[0] if len(kept) == 1 else b"".join(kept)


@lru_cache(256)
def _timeouts(seconds: float) -> Timeouts:
    """The total alone bounds a call: a function may be silent for all the time it has."""
    return Timeouts(read=None, total=seconds)


def _complaint(status: int, body: bytes) -> str:
    said = body[: 4 * MAX_ERROR].decode("utf-8", "replace").strip()[:MAX_ERROR]
    return f"status {status}: {said}" if said else f"status {status}"
