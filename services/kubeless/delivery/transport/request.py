"""
A request, and the only place that turns one into bytes.

Framing belongs to the transport: callers give a body, never a `Content-Length` or `Transfer-Encoding`, and cannot
smuggle one in. Whatever a header, method or target holds, the bytes we write parse as exactly this one request (RFC
9112 section 11).
"""

from collections.abc import AsyncIterable, Sequence
from dataclasses import dataclass

from kubeless.core.errors import shorten
from kubeless.delivery.transport.errors import InvalidRequest

Headers = Sequence[tuple[bytes, bytes]]
"""Name and value pairs in order, as on the wire; names may repeat."""

IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"})
"""Methods that may be repeated when their fate is unknown (RFC 9110 9.2.2)."""

_OURS = frozenset(
    {
        b"connection",
        b"content-length",
        b"expect",
        b"host",
        b"keep-alive",
        b"proxy-connection",
        b"transfer-encoding",
        b"upgrade",
    }
)
_TOKEN = b"!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_VALUE = b"\t" + bytes(range(0x20, 0x7F)) + bytes(range(0x80, 0x100))
_TARGET = bytes(range(0x21, 0x7F))
_WITHOUT_BODY = frozenset({"GET", "HEAD", "OPTIONS", "DELETE", "TRACE"})


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request, to be sent to whichever endpoint is chosen."""

    method: str
    target: bytes
    """Origin-form: path and query, beginning with a slash."""

    headers: Headers = ()
    """End-to-end headers. The transport writes Host, Connection and the framing ones itself and refuses them here."""

    body: bytes | AsyncIterable[bytes] = b""
    """Bytes can be sent again, an iterable cannot: a request with an iterable is never repeated once it was begun."""

    content_length: int | None = None
    """How many bytes the iterable will give. None: unknown, the body is sent in chunks."""

    host: bytes | None = None
    """The Host header; None: the endpoint's address."""

    @property
    def replayable(self) -> bool:
        """Whether it may be sent again although the endpoint may have seen it."""
        return self.method in IDEMPOTENT and isinstance(self.body, bytes)


def encode_head(request: Request, default_host: bytes) -> bytes:
    """
    Write request line and headers, the empty line included.

    Raises InvalidRequest for everything that is not a token, a header value or an origin-form target (RFC 9110 5.5,
    5.6.2).
    """
    names = [name for name, _ in request.headers]
    _check_names(names)
    host = default_host if request.host is None else request.host
    values = [value for _, value in request.headers]
    if b"".join(values).translate(None, _VALUE) or host.translate(None, _TARGET):
        raise InvalidRequest(_bad_value(request, host))
    method = request.method.encode("ascii", "replace")
    if not method or method.translate(None, _TOKEN):
        raise InvalidRequest(f"the method must be a token, got {shorten(request.method)}")
    if request.target[:1] != b"/" or request.target.translate(None, _TARGET):
        raise InvalidRequest(f"the target must be a path without spaces or controls, got {shorten(request.target)}")
    parts = [method, b" ", request.target, b" HTTP/1.1\r\nHost: ", host, b"\r\n"]
    for name, value in request.headers:
        parts += (name, b": ", value, b"\r\n")
    parts.append(_framing(request))
    return b"".join(parts)


def _check_names(names: list[bytes]) -> None:
    """Look at all names at once: one pass in C over a few hundred bytes instead of a Python step per header."""
    joined = b"\n".join(names)
    lowered = joined.lower().split(b"\n") if names else []
    if not _OURS.isdisjoint(lowered):
        ours = sorted(_OURS.intersection(lowered))[0].decode()
        raise InvalidRequest(f"the header {ours} is written by the transport; leave it out")
    if len(lowered) != len(names) or b"" in names or joined.translate(None, _TOKEN).strip(b"\n"):
        bad = next((name for name in names if not name or name.translate(None, _TOKEN)), b"")
        raise InvalidRequest(f"a header name must be a token, got {shorten(bad)}")


def _bad_value(request: Request, host: bytes) -> str:
    for name, value in (*request.headers, (b"Host", host)):
        if value.translate(None, _VALUE):
            return f"header {name.decode('latin-1')} must not hold CR, LF, NUL or other controls, got {shorten(value)}"
    return f"the host must not hold spaces or controls, got {shorten(host)}"


def _framing(request: Request) -> bytes:
    if not isinstance(request.body, bytes):
        if request.content_length is None:
            return b"Transfer-Encoding: chunked\r\n\r\n"
        if request.content_length < 0:
            raise InvalidRequest(f"content_length must not be negative, got {request.content_length}")
        return b"Content-Length: %d\r\n\r\n" % request.content_length
    # A method that gives a body no meaning needs no length of zero (RFC 9110 8.6).
    if not request.body and request.method in _WITHOUT_BODY:
        return b"\r\n"
    return b"Content-Length: %d\r\n\r\n" % len(request.body)
