"""
Where a request body ends: by its announced length, or by its last chunk.

A body that is here with its head is just bytes. For one that is still coming there is an `Intake`, which cuts what the
client sends into pieces of the body and what comes after it.
"""

from kubeless.gateway.http.body import Body, Source
from kubeless.gateway.http.chunks import ChunkedDecoder
from kubeless.gateway.http.head import Head
from kubeless.gateway.http.limits import Limits


class Intake:
    """A body that is still coming."""

    __slots__ = ("_decoder", "_left", "_limits", "body", "spoiled", "wants_continue")

    def __init__(self, body: Body, limits: Limits, *, decoder: ChunkedDecoder | None, left: int) -> None:
        self.body = body
        self.wants_continue = False
        """Whether the client waits for `100 Continue`."""
        self.spoiled = False
        """Whether its framing broke: what still comes of it means nothing, and no end can be found."""
        self._decoder = decoder
        self._left = left
        self._limits = limits

    def feed(self, data: bytes) -> tuple[bool, bytes]:
        """Whether that was all, and what comes after it. Raises BadRequest for what is framed wrongly."""
        self.wants_continue = False
        body, decoder = self.body, self._decoder
        if decoder is not None:
            pieces, used = decoder.feed(data)
            for piece in pieces:
                body.arrived(piece)
            return decoder.done, data[used:]
        left = self._left
        self._left = max(0, left - len(data))
        body.arrived(data if len(data) <= left else data[:left])
        return not self._left, data[left:]

    def spoil(self, error: Exception) -> None:
        """Its reader gets `error`."""
        self.spoiled = True
        self.body.failed(error)

    def grace(self, now: float, deadline: float, size: int) -> float:
        """
        Until when more must come, `size` bytes having come now and `deadline` having been that time before: bytes buy
        time, but never more than the timeout.
        """
        latest = now + self._limits.body_timeout
        if deadline > latest:
            return latest
        return min(latest, max(deadline, now) + size / self._limits.body_rate)


def read_body(head: Head, data: bytes, source: Source, limits: Limits) -> tuple[bytes | Intake, bytes]:
    """
    The body of a request whose head announces one, and what comes after it in `data`, which follows the head.

    Raises BadRequest.
    """
    decoder: ChunkedDecoder | None = None
    if head.chunked:
        decoder = ChunkedDecoder(limits)
        pieces, used = decoder.feed(data)
        if decoder.done:
            return b"".join(pieces), data[used:]
    elif len(data) >= head.length:
        return data[: head.length], data[head.length :]
    else:
        pieces, used = [data] if data else [], len(data)
    body = Body(source, limits.buffer_bytes)
    for piece in pieces:
        body.arrived(piece)
    intake = Intake(body, limits, decoder=decoder, left=head.length - used)
    intake.wants_continue = head.expects and not data
    return intake, data[used:]
