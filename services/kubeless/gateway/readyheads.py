"""
Heads made ready once, with gaps for what differs from request to request.

They come out of the same encoders as all others, which vouch for what stands in them; what is put into the gaps is this
gateway's own: the client's address, and ids in hexadecimal.
"""

from kubeless.delivery.transport.heads import Known
from kubeless.delivery.transport.request import Request, encode_head
from kubeless.gateway.headers import earlier, for_client, lasting
from kubeless.gateway.http import encode
from kubeless.gateway.incoming import Incoming

_WITHOUT_BODY = frozenset({204, 205, 304})


class RequestHead:
    """The head of a request to a function."""

    __slots__ = ("_before_id", "_before_node", "_before_peer")

    def __init__(self, before_peer: bytes, before_node: bytes, before_id: bytes) -> None:
        self._before_peer = before_peer
        self._before_node = before_node
        self._before_id = before_id

    def message(self, peer: bytes, node: bytes, request_id: bytes, span: bytes, body: bytes) -> bytes:
        """The whole request. `node` is the client as RFC 7239 writes it; `request_id` is the trace's id as well."""
        parts = (
            self._before_peer,
            peer,
            self._before_node,
            node,
            self._before_id,
            request_id,
            b"\r\ntraceparent: 00-",
            request_id,
            b"-",
            span,
            b"-01\r\n\r\n",
            body,
        )
        return b"".join(parts)


class AnswerHead:
    """The head of an answer to a client, up to the request's id."""

    __slots__ = ("before_id", "status")

    def __init__(self, status: int, before_id: bytes) -> None:
        self.status = status
        self.before_id = before_id


def request_head(incoming: Incoming, *, target: bytes, host: bytes, length: int) -> RequestHead:
    """Raises InvalidRequest."""
    headers = lasting(incoming, host=host)
    head = encode_head(Request(incoming.method, target, headers, body=bytes(length), host=host), b"")
    scheme = incoming.scheme.encode("ascii")
    return RequestHead(
        head[:-2] + b"X-Forwarded-For: " + earlier(incoming, b"x-forwarded-for"),
        b"\r\nForwarded: " + earlier(incoming, b"forwarded") + b"for=",
        b';proto=%b;host="%b"\r\nX-Request-Id: ' % (scheme, host),
    )


def answer_head(known: Known, *, cors: bool) -> AnswerHead | None:
    """None where the framing is not simply the length of the body, or a header cannot be passed on."""
    if known.status < 200 or known.status in _WITHOUT_BODY:
        return None
    headers = for_client(known.headers, request_id=None, cors=cors)
    try:
        head = encode.encode_head(known.status, headers, b"Content-Length: %d\r\n" % known.length)
    except encode.BadAnswer:
        return None
    return AnswerHead(known.status, head[:-2] + b"X-Request-Id: ")
